"""Moves: an event gets another audience, user, thread or topic. Who only sees where it was is told that it is gone."""

from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from feed import log
from feed.models import Comment, Event, StatusChange
from tests.conftest import logged_in
from tests.feed.sockets import connect
from tests.support.audiences import team

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("teams", "closed_hub"),
]

Change = Callable[[Any, str, Any], None]


def by_save(event: Any, field: str, value: Any) -> None:
    setattr(event, field, value)
    event.save()


def by_save_of_the_field(event: Any, field: str, value: Any) -> None:
    setattr(event, field, value)
    event.save(update_fields=[field])


def by_update(event: Any, field: str, value: Any) -> None:
    type(event).objects.filter(pk=event.pk).update(**{field: value})


def by_stale_instance(event: Any, field: str, value: Any) -> None:
    """An instance that was loaded before another move."""
    stale = type(event).objects.get(pk=event.pk)
    by_update(event, field, getattr(event, field))
    by_save(stale, field, value)


WAYS = [by_save, by_save_of_the_field, by_update, by_stale_instance]


def cookie_of(user: User) -> list[tuple[bytes, bytes]]:
    return [(b"cookie", f"sessionid={logged_in(user).cookies['sessionid'].value}".encode())]


@database_sync_to_async
def alices_team(alice: User) -> str:
    return team(alice)


async def told(stream: str, user: User, do: Callable[[], None]) -> list[tuple[str, int]]:
    """What a watcher of the stream is told last of each event, of all that is done: actions and ids."""

    def done() -> int:
        do()
        return log.number().head

    last: dict[int, str] = {}
    async with connect(f"?stream={stream}", await database_sync_to_async(cookie_of)(user)) as watcher:
        await watcher.frame()
        head, position = await database_sync_to_async(done)(), 0
        while position < head:
            frame = await watcher.frame()
            position = frame["position"]
            last |= {change["event"]["id"]: change["action"] for change in frame["changes"]}
    return [(action, key) for key, action in last.items()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("before", "after", "action"), [("public", "team", "deleted"), ("team", "public", "created")])
async def test_an_outsider_sees_an_event_come_and_go(
    alice: User, way: Change, before: str, after: str, action: str
) -> None:
    places = {"public": "public", "team": await alices_team(alice)}
    outsider = await User.objects.acreate(username="outsider")
    event = await StatusChange.objects.acreate(user=alice, text="Moved", audience=places[before])
    moved = await told("public", outsider, lambda: way(event, "audience", places[after]))
    assert moved == [(action, event.pk)]


@pytest.mark.parametrize("way", WAYS)
async def test_a_member_sees_a_move_as_an_update(alice: User, way: Change) -> None:
    event = await StatusChange.objects.acreate(user=alice, text="Moved")
    audience = await alices_team(alice)
    assert await told("public", alice, lambda: way(event, "audience", audience)) == [("updated", event.pk)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("stream", "action"), [("user:alice", "deleted"), ("user:bob", "created"), ("public", "updated")]
)
async def test_an_event_moves_to_another_user(alice: User, way: Change, stream: str, action: str) -> None:
    bob = await User.objects.acreate(username="bob")
    event = await StatusChange.objects.acreate(user=alice, text="Moved")
    assert await told(stream, alice, lambda: way(event, "user", bob)) == [(action, event.pk)]


async def test_an_event_moves_through_a_relation(alice: User) -> None:
    bob = await User.objects.acreate(username="bob")
    event = await StatusChange.objects.acreate(user=alice, text="Moved")
    root = await Event.rows.aget(pk=event.pk)
    assert await told("user:alice", alice, lambda: bob.feed_events.add(root)) == [("deleted", event.pk)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("index", "action"), [(0, "deleted"), (1, "created")])
async def test_a_comment_moves_to_another_thread(alice: User, way: Change, index: int, action: str) -> None:
    threads = [await StatusChange.objects.acreate(user=alice, text="Thread") for _ in range(2)]
    comment = await Comment.objects.acreate(user=alice, thread=threads[0], text="Moved")
    moved = await told(f"thread:{threads[index].pk}", alice, lambda: way(comment, "thread", threads[1]))
    assert moved == [(action, comment.pk)]


@pytest.mark.parametrize("way", WAYS)
async def test_comments_move_with_their_thread(alice: User, way: Change) -> None:
    thread = await StatusChange.objects.acreate(user=alice, text="Thread")
    comment = await Comment.objects.acreate(user=alice, thread=thread, text="Comment")
    reply = await Comment.objects.acreate(user=alice, thread=comment, text="Reply")
    audience = await alices_team(alice)
    outsider = await User.objects.acreate(username="outsider")
    moved = await told("public", outsider, lambda: way(thread, "audience", audience))
    assert moved == [("deleted", event.pk) for event in (thread, comment, reply)]
    assert [event.audience async for event in Comment.rows.order_by("pk")] == [audience, audience]


@pytest.mark.parametrize("way", WAYS)
async def test_a_comment_takes_the_audience_of_its_new_thread(alice: User, way: Change) -> None:
    audience = await alices_team(alice)
    public = await StatusChange.objects.acreate(user=alice, text="Public")
    private = await StatusChange.objects.acreate(user=alice, text="Private", audience=audience)
    comment = await Comment.objects.acreate(user=alice, thread=public, text="Comment")
    outsider = await User.objects.acreate(username="outsider")
    moved = await told("public", outsider, lambda: way(comment, "thread", private))
    assert moved == [("deleted", comment.pk)]


async def test_the_deletion_of_a_moved_event_reaches_those_who_see_it(alice: User) -> None:
    event = await StatusChange.objects.acreate(user=alice, text="Moved", audience=await alices_team(alice))
    stale = await StatusChange.objects.aget(pk=event.pk)
    await StatusChange.objects.filter(pk=event.pk).aupdate(audience="public")
    outsider = await User.objects.acreate(username="outsider")
    assert await told("public", outsider, stale.delete) == [("deleted", event.pk)]


async def test_a_replay_never_shows_what_has_been_moved_out_of_sight(alice: User) -> None:
    event = await StatusChange.objects.acreate(user=alice, text="Public")
    audience = await alices_team(alice)
    await StatusChange.objects.filter(pk=event.pk).aupdate(audience=audience, text="Secret")
    outsider = await User.objects.acreate(username="outsider")
    async with connect("?after=0", await database_sync_to_async(cookie_of)(outsider)) as watcher:
        changes = (await watcher.frame())["changes"]
    assert [change["action"] for change in changes if change["event"]["id"] == event.pk] == ["deleted"]
    assert "Secret" not in str(changes)
