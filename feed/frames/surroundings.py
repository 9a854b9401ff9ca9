"""What a page shows beside the rows of some changes: their context, the counts of other rows, and badges."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from feed import streams
from feed.frames.context import add_context
from feed.frames.entries import Entry, ShownTally
from feed.frames.tallies import Tally, render_tally, tallies
from feed.kinds.guard import attempt
from feed.log import Change
from feed.streams import Personal


def add_surroundings(entries: Sequence[Entry], formats: Collection[str]) -> None:
    """Read them for all of these changes at once. They are in the frames for pages only."""
    if "html" not in formats:
        return
    changes = [entry for entry in entries if not entry.is_access]
    changed = frozenset[int]().union(*(threads_with(entry) for entry in changes))
    older = {entry.event_id for entry in changes if entry.action != Change.Action.CREATED}
    add_context([entry.event for entry in changes if entry.event], changed | older, folds=True)
    if changed:
        _add_tallies(changes, changed)
    for personal in streams.all_personal():
        if personal.is_badge:
            _add_badges(changes, personal)


def threads_with(entry: Entry) -> set[int]:
    """The ids of the other events whose threads hold the event of this change, or held it."""
    names = (name.removeprefix("thread:") for name in entry.reach if name.startswith("thread:"))
    return {int(name) for name in names} - {entry.event_id}


def _add_tallies(entries: Iterable[Entry], keys: Collection[int]) -> None:
    counted: Mapping[int, Tally] = attempt("count what was said to", "event", lambda: tallies(keys), dict)
    rendered = {key: ShownTally(render_tally(key, tally), tally.audience) for key, tally in counted.items()}
    for entry in entries:
        entry.tallies = {key: rendered[key] for key in threads_with(entry) if key in rendered}


def _add_badges(entries: Iterable[Entry], personal: Personal) -> None:
    topics = {entry: personal.topics_in(entry.reach) for entry in entries}
    if keys := frozenset[str]().union(*topics.values()):
        badges: Mapping[str, str] = attempt(
            "count what is new in", personal.prefix, lambda: personal.badges(keys), dict
        )
        for entry, found in topics.items():
            shown = {f"{personal.topic}:{key}": badges[key] for key in found if key in badges}
            entry.badges = {**entry.badges, **shown}
