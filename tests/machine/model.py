"""The model: the log as a list of changes, and what follows from such a list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PUBLIC = "public"


class Post(NamedTuple):
    """An event, reduced to what decides who is shown it.

    reply_to: the comment that it answers, which may be gone.
    """

    id: int
    kind: str
    user: str
    thread: int | None = None
    audience: str = PUBLIC
    reply_to: int | None = None

    def is_in(self, streams: Iterable[str]) -> bool:
        threads = {f"thread:{each}" for each in (self.id, self.thread, self.reply_to)}
        return not {PUBLIC, f"user:{self.user}", f"kind:{self.kind}", self.audience, *threads}.isdisjoint(streams)


class Access(NamedTuple):
    """Users have joined a team or left it."""

    users: tuple[str, ...]
    team: str
    joined: bool


NO_POST = Post(0, "", "")


class Change(NamedTuple):
    """
    turn: the number of this change among those of all writers, committed or not.
    post: the event after the change.
    access: of a change of access, which has no event.
    """

    turn: int
    action: str
    post: Post
    access: Access | None = None


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

    def committed(self) -> list[Change]:
        return [*self.changes, *self.waiting]

    def held(self) -> list[tuple[int, str, int]]:
        """The changes that can be read: position, action, and the event's id."""
        numbered = enumerate(self.changes, start=1)
        return [(position, each.action, each.post.id) for position, each in numbered if position > self.floor]

    def number(self) -> None:
        """Give positions to the waiting changes: those of access first, and then oldest first."""
        self.changes += sorted(self.waiting, key=lambda change: (change.access is None, change.turn))
        self.waiting.clear()

    def prune(self, before: Change | None) -> None:
        """Drop changes until the first that is not older than `before`. Without it, drop all."""
        while self.floor < len(self.changes) and (before is None or self.changes[self.floor].turn < before.turn):
            self.floor += 1


def alive(changes: Iterable[Change]) -> list[Post]:
    """The events that exist after these changes."""
    posts: dict[int, Post] = {}
    for change in changes:
        if change.action == "deleted":
            del posts[change.post.id]
        elif not change.access:
            posts[change.post.id] = change.post
    return sorted(posts.values())


def audiences(changes: Iterable[Change], user: str) -> frozenset[str]:
    """The audiences that the user is in after these changes; "" is nobody."""
    teams = set[str]()
    for change in sorted(changes):
        if has_left(change) == user:
            teams.clear()
        elif change.access and user in change.access.users:
            (teams.add if change.access.joined else teams.discard)(f"team:{change.access.team}")
    return frozenset([PUBLIC, f"only:{user}", *teams] if user else [PUBLIC])


def has_left(change: Change) -> str | None:
    """The user that the change deletes. Only deleting a user deletes a welcome."""
    return change.post.user if (change.action, change.post.kind) == ("deleted", "welcome") else None


def root_of(post: Post) -> int:
    """The thread that a comment on this event is in."""
    return post.thread or post.id


def place_of_comment(about: Post) -> dict[str, Any]:
    """What a comment on this event has from it."""
    place: dict[str, Any] = {"thread": root_of(about), "audience": about.audience}
    return place if about.thread is None else place | {"reply_to": about.id}


def family(posts: Iterable[Post], roots: Iterable[Post]) -> list[Post]:
    """The roots and all comments on them: what is deleted together."""
    found = {post.id: post for post in roots}
    return list((found | {post.id: post for post in posts if post.thread in found}).values())


def moved(posts: Iterable[Post], root: Post, **changed: object) -> list[Post]:
    """What changes when `changed` is set on the root: the root, and the comments that get another audience."""
    new = root._replace(**changed)  # type: ignore[arg-type]
    if new.audience == root.audience:
        return [new]
    return [new, *(post._replace(audience=new.audience) for post in family(posts, [root]) if post.id != root.id)]
