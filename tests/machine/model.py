"""The model: the log as a list of changes, and what follows from such a list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Post(NamedTuple):
    """An event, reduced to what never changes."""

    id: int
    kind: str
    user: str
    thread: int | None = None


class Change(NamedTuple):
    """turn: the number of this change among those of all writers, committed or not."""

    turn: int
    action: str
    post: Post


@dataclass
class LogModel:
    """
    changes: those with a position. The first has position 1.
    waiting: those that have committed, but have no position yet.
    floor: how many of the oldest have been pruned.
    """

    changes: list[Change] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    floor: int = 0

    def held(self) -> list[tuple[int, str, int]]:
        """The changes that can be read: position, action, and the event's id."""
        numbered = enumerate(self.changes, start=1)
        return [(position, action, post.id) for position, (_, action, post) in numbered if position > self.floor]

    def number(self) -> None:
        """Give positions to the waiting changes, oldest first."""
        self.changes += sorted(self.waiting)
        self.waiting.clear()

    def prune(self, before: Change | None) -> None:
        """Drop changes until the first that is not older than `before`. Without it, drop all."""
        while self.floor < len(self.changes) and (before is None or self.changes[self.floor].turn < before.turn):
            self.floor += 1


def alive(changes: Iterable[Change]) -> list[Post]:
    """The events that exist after these changes."""
    posts: dict[int, Post] = {}
    for _, action, post in changes:
        if action == "deleted":
            del posts[post.id]
        else:
            posts[post.id] = post
    return sorted(posts.values())


def family(posts: Iterable[Post], roots: Iterable[Post]) -> list[Post]:
    """The roots and all comments below them, at any depth: what is deleted together."""
    found = {post.id: post for post in roots}
    for post in sorted(posts):  # a comment is younger than what it is about
        if post.thread in found:
            found[post.id] = post
    return list(found.values())
