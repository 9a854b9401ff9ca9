"""What a writer may do without waiting for another writer: two writers never change the same event at once."""

from collections.abc import Iterable

from tests.machine.model import Access, Post, audiences, family, has_left, root_of
from tests.machine.teams import TEAMS
from tests.machine.world import USERS, World
from tests.machine.writers import Writer

Query = tuple[str, str]
"""A kind and a user: all events of that kind by that user."""


def free(world: World, writer: Writer) -> set[Post]:
    """The events that the writer sees, and that no other open transaction has changed or commented on."""
    taken = {pk for change in world.others(writer) for pk in (change.post.id, change.post.thread)}
    return {post for post in world.seen(writer) if post.id not in taken}


def authors(world: World, writer: Writer) -> list[str]:
    """The users that no other open transaction has deleted."""
    leaving = {has_left(change) for change in world.others(writer)}
    return [user for user in USERS if user not in leaving]


def commentable(world: World, writer: Writer) -> list[tuple[str, Post]]:
    return [(user, post) for user in authors(world, writer) for post in possible_threads(world, writer)]


def possible_threads(world: World, writer: Writer) -> list[Post]:
    """The events that may be commented on. A reply locks the thread of its comment."""
    allowed = free(world, writer)
    ids = {post.id for post in allowed}
    return sorted(post for post in allowed if root_of(post) in ids)


def untouched(world: World, writer: Writer) -> list[Post]:
    """The events that a query may change."""
    return sorted(post for post in free(world, writer) if post.kind != "welcome")


def editable(world: World, writer: Writer) -> list[Post]:
    """Saving a comment locks its thread."""
    ids = {post.id for post in free(world, writer)} | {None}
    return [post for post in untouched(world, writer) if post.thread in ids]


def deletable(world: World, writer: Writer) -> list[Post]:
    seen, allowed = world.seen(writer), free(world, writer)
    return [post for post in untouched(world, writer) if allowed.issuperset(family(seen, [post]))]


def queries(world: World, writer: Writer) -> list[Query]:
    """Those that match an event that may be deleted, and therefore edited."""
    return sorted({(post.kind, post.user) for post in deletable(world, writer)})


def for_another_audience(world: World, writer: Writer) -> list[Post]:
    """Not comments, which have the audience of their thread."""
    return [post for post in deletable(world, writer) if post.kind == "status_change"]


def for_another_user(world: World, writer: Writer) -> list[tuple[Post, str]]:
    return [(post, user) for post in editable(world, writer) for user in authors(world, writer)]


def for_another_thread(world: World, writer: Writer) -> list[tuple[Post, Post]]:
    """Comments, and the threads that they may be moved to."""
    seen, allowed = world.seen(writer), possible_threads(world, writer)
    movable = {*editable(world, writer)}.intersection(deletable(world, writer))
    comments = [(post, family(seen, [post])) for post in sorted(movable) if post.thread is not None]
    return [(post, thread) for post, below in comments for thread in allowed if thread not in below]


def memberships(world: World, writer: Writer) -> list[Access]:
    """Who may join a team or leave it: one user, or all at once."""
    busy = {user for change in world.others(writer) if change.access for user in change.access.users}
    able = [user for user in authors(world, writer) if user not in busy]
    groups = dict.fromkeys([*((user,) for user in able), tuple(able)])
    teams = {user: audiences(world.changes_seen(writer), user) for user in able}
    return [
        Access(group, team, joined=not all(f"team:{team}" in teams[user] for user in group))
        for team in TEAMS
        for group in groups
        if group
    ]


def users(world: World, writer: Writer) -> list[str]:
    """The users that may be deleted, together with everything that is deleted with them."""
    others, allowed = world.others(writer), free(world, writer)
    busy = {user for each in others for user in (each.post.user, *(each.access.users if each.access else ()))}
    return [user for user in USERS if user not in busy and allowed.issuperset(all_events_of(world, writer, user))]


def all_events_of(world: World, writer: Writer, user: str) -> list[Post]:
    """The user's events, what only the user sees, and all comments on them."""
    seen = world.seen(writer)
    return family(seen, [post for post in seen if user == post.user or post.audience == f"only:{user}"])


def split(world: World, writer: Writer, query: Query, chosen: Iterable[Post]) -> tuple[list[Post], list[int]]:
    """Split what the query matches: the chosen events, and the ids that it must exclude."""
    found = {post for post in world.seen(writer) if (post.kind, post.user) == query}
    return sorted(found.intersection(chosen)), sorted(post.id for post in found.difference(chosen))
