"""What a writer may do without waiting for another: no two of them change the same event at once."""

from collections.abc import Iterable

from tests.machine.plain import Post, family
from tests.machine.world import USERS, World
from tests.machine.writers import Writer

Query = tuple[str, str]
"""A kind and a user, whose events of that kind are meant."""


def free(world: World, writer: Writer) -> set[Post]:
    """The events that the writer sees, and that no other is about to change or to comment on."""
    taken = {pk for change in world.others(writer) for pk in (change.post.id, change.post.thread)}
    return {post for post in world.seen(writer) if post.id not in taken}


def authors(world: World, writer: Writer) -> list[str]:
    """The users whom no other writer is about to delete; their welcomes are deleted with nothing else."""
    leaving = {post.user for _, action, post in world.others(writer) if (action, post.kind) == ("deleted", "welcome")}
    return [user for user in USERS if user not in leaving]


def commentable(world: World, writer: Writer) -> list[tuple[str, Post]]:
    return [(user, post) for user in authors(world, writer) for post in sorted(free(world, writer))]


def editable(world: World, writer: Writer) -> list[Post]:
    return sorted(post for post in free(world, writer) if post.kind != "welcome")


def deletable(world: World, writer: Writer) -> list[Post]:
    seen, others_keep_off = world.seen(writer), free(world, writer)
    return [post for post in editable(world, writer) if others_keep_off.issuperset(family(seen, [post]))]


def queries(world: World, writer: Writer) -> list[Query]:
    """Those that find something that may be deleted, and so edited."""
    return sorted({(post.kind, post.user) for post in deletable(world, writer)})


def users(world: World, writer: Writer) -> list[str]:
    """The users who may be deleted with all that goes with them."""
    others_keep_off, busy = free(world, writer), {change.post.user for change in world.others(writer)}
    return [user for user in USERS if user not in busy and others_keep_off.issuperset(all_of(world, writer, user))]


def all_of(world: World, writer: Writer, user: str) -> list[Post]:
    """What the user has done, and what others have said to that."""
    seen = world.seen(writer)
    return family(seen, [post for post in seen if post.user == user])


def split(world: World, writer: Writer, query: Query, chosen: Iterable[Post]) -> tuple[list[Post], list[int]]:
    """Of what the query would find: the chosen, and the ids of those that it must spare."""
    found = {post for post in world.seen(writer) if (post.kind, post.user) == query}
    return sorted(found.intersection(chosen)), sorted(post.id for post in found.difference(chosen))
