"""Who sees what, on each way in: an event of a team, for its owner, a member, an outsider, and an anonymous visitor."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from feed import log
from feed.hub import hub
from feed.models import Comment, Event, StatusChange
from feed.streams.stream import STREAMS
from tests.conftest import logged_in
from tests.feed.sockets import SocketClient, connect
from tests.support.audiences import TEAMS, join, team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("teams")]

SECRET = "Only for the team"
SEES = {"owner": True, "member": True, "outsider": False, "anonymous": False}
READABLE = [
    "/",
    "/events/{pk}/",
    "/people/alice/",
    "/?stream=user:alice&kinds=status_change",
    "/search/?q=only+team",
    "/api/events/",
    "/api/events/?stream={audience}",
    "/api/events/?stream=user:alice",
    "/api/events/?stream=thread:{pk}",
    "/api/events/?stream=kind:status_change&stream=public",
]
"""Where the event is shown."""


@dataclass
class World:
    event: StatusChange
    users: dict[str, User | None]

    def client(self, viewer: str) -> Client:
        user = self.users[viewer]
        return logged_in(user) if user else Client()

    def cookie(self, viewer: str) -> list[tuple[bytes, bytes]]:
        session = self.client(viewer).cookies.get("sessionid")
        return [(b"cookie", f"sessionid={session.value}".encode())] if session else []

    @property
    def streams(self) -> list[str]:
        return self.event.streams()

    def path(self, path: str) -> str:
        return path.format(pk=self.event.pk, audience=self.event.audience)


@pytest.fixture
def world(alice: User) -> World:
    member, outsider = User.objects.create_user("member"), User.objects.create_user("outsider")
    event = StatusChange.objects.create(user=alice, text=SECRET, audience=team(alice, member))
    return World(event, {"owner": alice, "member": member, "outsider": outsider, "anonymous": None})


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """The paths of all views of the site but the admin, with the event and alice in the place of their parameters."""
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern).removeprefix("^")
        if isinstance(each, URLResolver) and each.app_name != "admin":
            yield from patterns(each, path)
        elif isinstance(each, URLPattern):
            yield "/" + path.replace("<int:pk>", "{pk}").replace("<name:name>", "alice")


def all_paths() -> list[str]:
    """Found when they are needed: the admin's depend on the kinds of the tests."""
    return sorted({*patterns(get_resolver()), *READABLE})


@pytest.mark.parametrize("viewer", SEES)
@pytest.mark.parametrize("path", READABLE)
def test_pages_and_api_show_it_to_the_team_only(world: World, path: str, viewer: str) -> None:
    response = world.client(viewer).get(world.path(path))
    assert (SECRET in response.content.decode()) == SEES[viewer]


@pytest.mark.parametrize("viewer", ["outsider", "anonymous"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_to_others_it_does_not_exist(world: World, viewer: str, method: str, headers: dict[str, str]) -> None:
    for path in all_paths():
        absent = StatusChange.objects.create(user=world.event.user, text="Deleted")
        key = absent.pk
        absent.delete()
        assert answer(world, viewer, method, path, world.event.pk, headers) == answer(
            world, viewer, method, path, key, headers
        )
    (event,) = StatusChange.objects.filter(pk=world.event.pk)
    assert (event.text, event.comments.count()) == (SECRET, 0)


def answer(world: World, viewer: str, method: str, path: str, pk: int, headers: dict[str, str]) -> tuple[int, Any]:
    send = getattr(world.client(viewer), method)
    response = send(path.format(pk=pk, audience=world.event.audience), {"text": "Mine"}, headers=headers)
    content = b"".join(response) if response.streaming else response.content
    assert SECRET not in content.decode()
    return response.status_code, response.headers.get("HX-Redirect")


@pytest.mark.parametrize("viewer", ["owner", "member"])
def test_the_team_can_comment_and_only_the_author_can_change_it(world: World, viewer: str) -> None:
    client = world.client(viewer)
    assert client.post(world.path("/events/{pk}/comments/"), {"text": "Ours"}).status_code == 302
    assert Comment.objects.get().audience == world.event.audience
    assert client.post(world.path("/events/{pk}/delete/")).status_code == (302 if viewer == "owner" else 403)


@pytest.mark.parametrize("viewer", SEES)
def test_querysets_find_it_for_the_team_only(world: World, viewer: str) -> None:
    assert Event.objects.visible_to(world.users[viewer]).filter(pk=world.event.pk).exists() == SEES[viewer]


@pytest.mark.parametrize("viewer", ["owner", "member", "outsider"])
def test_the_admin_shows_it_to_staff_of_the_team_and_to_superusers(world: World, viewer: str) -> None:
    user: Any = world.users[viewer]
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="feed"))
    paths = (world.path("/admin/feed/statuschange/{pk}/change/"), "/admin/feed/statuschange/", "/admin/feed/event/")
    for path in paths:
        assert (SECRET in logged_in(user).get(path).content.decode()) == SEES[viewer]
    user.is_superuser = True
    user.save()
    for path in paths:
        assert SECRET in logged_in(user).get(path).content.decode()


class Refused(Exception):
    pass


async def sent_up_to(head: int, watcher: SocketClient) -> str:
    """All frames up to this position. Raises Refused for an error."""
    frames = ""
    if head:  # a watcher that it doesn't concern is sent a frame only on request
        await hub().poller.advance(head)
        await watcher.send_json_to({"type": "ping"})
    while True:
        frame = await watcher.frame()
        frames += str(frame)
        if frame["type"] == "error":
            raise Refused(await watcher.closed())
        if frame["position"] >= head:
            return frames


@database_sync_to_async
def edited(event: StatusChange) -> int:
    """Edit the event. Returns the position of the change."""
    event.save()
    return log.number().head


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
@pytest.mark.usefixtures("closed_hub")
@pytest.mark.parametrize("viewer", SEES)
@pytest.mark.parametrize("is_replay", [False, True])
@pytest.mark.parametrize("stream", [*STREAMS, *TEAMS])
async def test_the_socket_brings_it_to_the_team_only(world: World, viewer: str, stream: str, is_replay: bool) -> None:
    (name,) = [each for each in world.streams if each.partition(":")[0] == stream] or ["public"]
    cookie = await database_sync_to_async(world.cookie)(viewer)
    async with connect(f"?stream={name}{'&after=0' if is_replay else ''}", cookie) as watcher:
        if not SEES[viewer] and stream in {"thread", "team"}:
            with pytest.raises(Refused) as refused:
                await sent_up_to(0, watcher)
            assert refused.value.args == (4404 if stream == "thread" else 4403,)
        else:
            await sent_up_to(0, watcher)
            assert (SECRET in await sent_up_to(await edited(world.event), watcher)) == SEES[viewer]


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
@pytest.mark.usefixtures("closed_hub")
@pytest.mark.parametrize("tail", [1000, 1])
async def test_a_new_member_can_replay_the_log_from_its_beginning(world: World, settings: Settings, tail: int) -> None:
    """A client with a state is told to load it again, because its access has changed."""
    settings.FEED_TAIL = tail
    outsider: Any = world.users["outsider"]
    before = await edited(world.event)
    await database_sync_to_async(join)(outsider, world.event.audience)
    cookie = await database_sync_to_async(world.cookie)("outsider")
    head = await edited(world.event)
    async with connect("?after=0", cookie) as watcher:
        assert SECRET in await sent_up_to(head, watcher)
    for state in (f"?after={before}", f"?after=0&log={(await database_sync_to_async(log.state)()).epoch}"):
        async with connect(state, cookie) as watcher:
            frame = await watcher.frame()
            assert (frame["type"], frame.get("reason")) == ("reset", "access")
