"""What a writer may do without waiting for another writer: two writers never change the same event at once."""

from collections.abc import Iterable

from tests.machine.model import Post, family
from tests.machine.world import USERS, World
from tests.machine.writers import Writer

Query = tuple[str, str]
"""A kind and a user: all events of that kind by that user."""


def free(world: World, writer: Writer) -> set[Post]:
    """The events that the writer sees, and that no other open transaction has changed or commented on."""
    taken = {pk for change in world.others(writer) for pk in (change.post.id, change.post.thread)}
    return {post for post in world.seen(writer) if post.id not in taken}


def authors(world: World, writer: Writer) -> list[str]:
    """The users that no other open transaction has deleted. Only deleting a user deletes a welcome."""
    leaving = {post.user for _, action, post in world.others(writer) if (action, post.kind) == ("deleted", "welcome")}
    return [user for user in USERS if user not in leaving]


def commentable(world: World, writer: Writer) -> list[tuple[str, Post]]:
    return [(user, post) for user in authors(world, writer) for post in sorted(free(world, writer))]


def editable(world: World, writer: Writer) -> list[Post]:
    return sorted(post for post in free(world, writer) if post.kind != "welcome")


def deletable(world: World, writer: Writer) -> list[Post]:
    seen, untouched = world.seen(writer), free(world, writer)
    return [post for post in editable(world, writer) if untouched.issuperset(family(seen, [post]))]


def queries(world: World, writer: Writer) -> list[Query]:
    """Those that match an event that may be deleted, and therefore edited."""
    return sorted({(post.kind, post.user) for post in deletable(world, writer)})


def users(world: World, writer: Writer) -> list[str]:
    """The users that may be deleted, together with everything that is deleted with them."""
    untouched, busy = free(world, writer), {change.post.user for change in world.others(writer)}
    return [user for user in USERS if user not in busy and untouched.issuperset(all_events_of(world, writer, user))]


def all_events_of(world: World, writer: Writer, user: str) -> list[Post]:
    """The user's events, and all comments on them."""
    seen = world.seen(writer)
    return family(seen, [post for post in seen if post.user == user])


def split(world: World, writer: Writer, query: Query, chosen: Iterable[Post]) -> tuple[list[Post], list[int]]:
    """Split what the query matches: the chosen events, and the ids that it must exclude."""
    found = {post for post in world.seen(writer) if (post.kind, post.user) == query}
    return sorted(found.intersection(chosen)), sorted(post.id for post in found.difference(chosen))
