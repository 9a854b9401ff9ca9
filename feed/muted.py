"""What users don't want to see on their own pages. It protects nothing: they can still find it.

Rows are rendered once for everybody. So what is muted is left out when a page is read, and by the page when it arrives.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from feed.frames.at_state import at_state
from feed.log import State

LINKS = ("id", "linked_thread", "linked_about", "linked_root")
"""Attributes of a root row that name the threads which hold it; see `EventQuerySet.with_links`."""


@dataclass(frozen=True, slots=True)
class Muted:
    """
    people: the public names of users, by their keys as text.
    threads: the ids of the events whose threads are muted.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    threads: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.people or self.threads)

    def hides(self, row: Any) -> bool:
        """Whether a page leaves out this event, which may be a root row."""
        if not self:
            return False
        return str(row.user_id) in self.people or any(getattr(row, name, None) in self.threads for name in LINKS)

    def hides_streams(self, streams: Collection[str]) -> bool:
        """Whether it leaves out what is in the streams with these names."""
        return bool(self) and not self.streams.isdisjoint(streams)

    @property
    def streams(self) -> set[str]:
        return {*(f"user:{name}" for name in self.people.values()), *(f"thread:{key}" for key in self.threads)}

    @property
    def as_json(self) -> str:
        return json.dumps({"people": sorted(self.people.values()), "threads": sorted(self.threads)})


NOTHING = Muted()

FindMuted = Callable[[Any], Muted]

_finders: list[FindMuted] = []


def mute_by(find: FindMuted) -> None:
    """Register the function that says what a logged-in user has muted. It may query the database once."""
    _finders.append(find)


def muted_at(state: State, user: Any) -> Muted:
    """What the user has muted. Cached for this state of the log, where muting is recorded as a change of access."""
    return at_state(state, ("muted", user.pk), lambda: muted_by(user)) if user.is_authenticated else NOTHING


def muted_by(user: Any) -> Muted:
    found = [find(user) for find in _finders] if user.is_authenticated else []
    if len(found) == 1:
        return found[0]
    people = {key: name for each in found for key, name in each.people.items()}
    return Muted(people, frozenset().union(*(each.threads for each in found)))
