"""What a row shows beside its own event: what that is about, and how much was said to it.

It is read for many events at once, and is part of the key of a cached row. So a row still asks the database nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from feed.frames.at_state import at_state
from feed.frames.folds import others
from feed.frames.tallies import NO_TALLY, Tally, tallies
from feed.kinds.guard import attempt
from feed.kinds.loading import in_own_kinds
from feed.log import State
from feed.models import Comment, Event
from feed.people import chosen_name, shown_name

NAMED = 2
"""People beside the author that a row names."""
WORDS = 140
"""Characters of what a comment is about that its row quotes."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a comment is about.

    user: the public name of its author.
    name: the name under which rows show the author.
    """

    id: int
    user: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Context:
    """
    tally: how many comments and reactions the event has.
    thread: what a comment or a reaction is about. None if that is out of sight.
    reply_to: the name of the person whose comment it answers, "" for none.
    others: the names of those who did the same before, if the row stands for them, too.
    """

    tally: Tally = NO_TALLY
    thread: Quote | None = None
    reply_to: str = ""
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Context()

    @property
    def first_others(self) -> tuple[str, ...]:
        """The people that the row names."""
        return self.others if len(self.others) <= NAMED else self.others[: NAMED - 1]

    @property
    def more(self) -> int:
        """How many others there are beside these."""
        return len(self.others) - len(self.first_others)


Link = tuple[int | None, int | None]
"""The thread of a comment or the event that a reaction is about, and the event that a comment answers."""


def add_context(events: Sequence[Event], counted: Collection[int], *, folds: bool) -> None:
    """Set `context` of these events. Root rows are enough.

    counted: the ids of those whose comments and reactions are counted. The others are new, and have none.
    folds: whether rows stand for others.
    """
    _set(events, attempt("read the context of", "event", lambda: contexts(events, counted, folds), dict))


def add_context_at(state: State, events: Sequence[Event], *, folds: bool) -> None:
    """The same for a page that is read at this state of the log. A page on which nothing has happened asks nothing."""

    def read() -> Mapping[int, Context]:
        add_context(events, {event.id for event in events}, folds=folds)
        return {event.id: event.context for event in events}

    # With their audiences: what is hidden at this state may have been moved into sight before these events were read.
    key = tuple((event.id, event.audience, event.changed_at) for event in events), folds
    _set(events, at_state(state, key, read))


def _set(events: Iterable[Event], found: Mapping[int, Context]) -> None:
    for event in events:
        event.context = found.get(event.id, Context())


def contexts(events: Sequence[Event], counted: Collection[int], folds: bool) -> dict[int, Context]:
    links = {event.id: link_of(event) for event in events}
    related = _related(links.values())
    counts = tallies(counted)
    named = others(events) if folds else {}
    found = dict[int, Context]()
    for event in events:
        thread, reply_to = links[event.id]
        found[event.id] = Context(
            _count(event, counts.get(event.id)),
            _quote(event, related.get(thread)),
            _name(event, related.get(reply_to)),
            named.get(event.id, ()),
        )
    return found


def link_of(event: Event) -> Link:
    """A row has it if the query was `with_links`, that of a reaction if it was `with_reactions`."""
    if isinstance(event, Comment):
        return event.thread_id, event.reply_to_id
    about = getattr(event, "linked_thread", None) or getattr(event, "linked_about", None)
    return about, getattr(event, "linked_reply", None)


def _related(links: Iterable[Link]) -> dict[int | None, Event]:
    wanted = {key for link in links for key in link if key}
    if not wanted:
        return {}
    return {event.id: event for event in in_own_kinds(list(Event.rows.with_users().filter(pk__in=wanted)))}


def _count(event: Event, tally: Tally | None) -> Tally:
    return tally if tally and tally.is_for(event.audience) else NO_TALLY


def _quote(comment: Event, thread: Event | None) -> Quote | None:
    if thread is None or not _is_shown_with(comment, thread):
        return None
    return Quote(thread.id, shown_name(thread.user), chosen_name(thread.user), shortened(thread.words))


def _name(comment: Event, answered: Event | None) -> str:
    return chosen_name(answered.user) if answered and _is_shown_with(comment, answered) else ""


def _is_shown_with(comment: Event, other: Event) -> bool:
    """Whether every reader of the comment may see the other event as it is now. It may have been moved since the
    comment was read."""
    return comment.audience == other.audience


def shortened(text: str) -> str:
    line = " ".join(text.replace("`", "").split())  # code isn't set as such here
    return line if len(line) <= WORDS else line[: WORDS - 1].rstrip() + "…"
