"""The model: the log as a plain list of changes, and what can be told from such a list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Post(NamedTuple):
    """An event, by what never changes of it."""

    id: int
    kind: str
    user: str
    thread: int | None = None


class Change(NamedTuple):
    """`turn` counts the changes of all writers as they are made, whether or not they are ever committed."""

    turn: int
    action: str
    post: Post


@dataclass
class PlainLog:
    """
    changes: those that have positions: the first has position 1, and so on.
    waiting: those that have committed since.
    floor: how many of the first have been pruned.
    """

    changes: list[Change] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    floor: int = 0

    def held(self) -> list[tuple[int, str, int]]:
        """What can be read: positions, actions, and the ids of events."""
        numbered = enumerate(self.changes, start=1)
        return [(position, action, post.id) for position, (_, action, post) in numbered if position > self.floor]

    def number(self) -> None:
        """Of what has committed while nobody looked the oldest comes first."""
        self.changes += sorted(self.waiting)
        self.waiting.clear()

    def prune(self, before: Change | None) -> None:
        """Forget what is older than that change, or everything; and stop at the first that isn't."""
        while self.floor < len(self.changes) and (before is None or self.changes[self.floor].turn < before.turn):
            self.floor += 1


def alive(changes: Iterable[Change]) -> list[Post]:
    """The events that are there after all these changes."""
    posts: dict[int, Post] = {}
    for _, action, post in changes:
        if action == "deleted":
            del posts[post.id]
        else:
            posts[post.id] = post
    return sorted(posts.values())


def family(posts: Iterable[Post], roots: Iterable[Post]) -> list[Post]:
    """The roots, and of `posts` all comments on them, the comments on those, and so on: what is deleted at once."""
    found = {post.id: post for post in roots}
    for post in sorted(posts):  # a comment is younger than what it is about
        if post.thread in found:
            found[post.id] = post
    return list(found.values())
