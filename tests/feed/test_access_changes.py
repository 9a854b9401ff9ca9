"""Joining and leaving an audience: the watchers of the user are reset, and see from then on what the user may see."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from channels.db import database_sync_to_async as in_thread
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models.signals import m2m_changed, pre_delete
from django.test.utils import CaptureQueriesContext

from feed import log
from feed.hub import hub
from feed.log import Change
from feed.models import Event, StatusChange
from feed.streams import access_changed, access_follows, audiences_of, newest_for
from tests.feed.sockets import SocketClient, connect
from tests.feed.test_moves import cookie_of
from tests.support.audiences import join, leave, team

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("teams", "closed_hub"),
]


@pytest.fixture(autouse=True)
def followed_groups() -> Iterator[None]:
    before = [(signal, [*signal.receivers]) for signal in (m2m_changed, pre_delete)]
    access_follows(User.groups)
    yield
    for signal, receivers in before:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


@in_thread
def post(user: User, text: str, audience: str = "public") -> None:
    StatusChange.objects.create(user=user, text=text, audience=audience)


@asynccontextmanager
async def watching(user: User, query: str = "") -> AsyncIterator[SocketClient]:
    async with connect(query, await in_thread(cookie_of)(user)) as watcher:
        await watcher.frame()
        yield watcher


def group_of(audience: str) -> Group:
    return Group.objects.get(pk=audience.partition(":")[2])


def removed_from_the_group(user: User, audience: str) -> None:
    group_of(audience).user_set.remove(user)


def group_cleared(user: User, audience: str) -> None:
    group_of(audience).user_set.clear()


def groups_cleared(user: User, audience: str) -> None:
    user.groups.clear()


def group_deleted(user: User, audience: str) -> None:
    group_of(audience).delete()


class Crew(Group):
    class Meta:
        proxy = True
        app_label = "auth"


def group_deleted_by_a_proxy(user: User, audience: str) -> None:
    Crew.objects.get(pk=group_of(audience).pk).delete()


def deactivated(user: User, audience: str) -> None:
    user.is_active = False
    user.save()


LEAVES = [
    removed_from_the_group,
    group_cleared,
    groups_cleared,
    group_deleted,
    group_deleted_by_a_proxy,
    deactivated,
]


@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("stream", ["public", "team"])
async def test_a_user_who_has_left_is_reset_and_sent_nothing_more(
    alice: User, leaves: Callable[[User, str], None], stream: str
) -> None:
    bob = await User.objects.acreate(username="bob")
    audience = await in_thread(team)(alice, bob)

    def leave_and_post() -> None:
        leaves(bob, audience)
        StatusChange.objects.create(user=alice, text="Secret", audience=audience)
        StatusChange.objects.create(user=alice, text="Public")

    async with watching(bob, f"?stream=user:alice&stream={audience if stream == 'team' else 'public'}") as watcher:
        await post(alice, "Before", audience)
        assert "Before" in str(await watcher.frame())
        await in_thread(leave_and_post)()
        frames = [await watcher.frame()]
        assert (frames[0]["type"], frames[0].get("reason")) == ("reset", "access")
        while "Public" not in str(frames) and frames[-1]["position"] < (await in_thread(log.number)()).head:
            frames.append(await watcher.frame())
        assert "Secret" not in str(frames)


async def test_a_user_who_has_joined_is_reset_and_sees_what_comes(alice: User) -> None:
    bob = await User.objects.acreate(username="bob")
    audience = await in_thread(team)(alice)
    async with watching(bob) as watcher:
        await in_thread(join)(bob, audience)
        joined = (await in_thread(log.number)()).head
        frame = await watcher.frame()
        assert frame["reason"] == "access"
        while frame["position"] < joined:  # `join` says it twice
            frame = await watcher.frame()
        await post(alice, "Secret", audience)
        assert "Secret" in str(await watcher.frame())


async def test_other_users_are_not_reset(alice: User) -> None:
    bob = await User.objects.acreate(username="bob")
    async with watching(alice) as watcher:
        await in_thread(leave)(bob)
        await post(bob, "Hello")
        assert "Hello" in str(await watcher.frame())


@pytest.mark.parametrize("in_memory", [True, False])
async def test_a_client_that_resumes_from_before_the_change_is_reset(alice: User, in_memory: bool) -> None:
    bob = await User.objects.acreate(username="bob")
    audience = await in_thread(team)(alice, bob)
    await post(alice, "Secret", audience)
    cursor = (await in_thread(log.number)()).head
    async with watching(alice):  # whose hub has it in memory
        await in_thread(leave)(bob)
        await hub().poller.advance((await in_thread(log.number)()).head)
        if not in_memory:
            hub().tail.append([], 0, 0)
        async with connect(f"?after={cursor - 1}", await in_thread(cookie_of)(bob)) as watcher:
            frame = await watcher.frame()
        assert (frame["type"], frame.get("reason")) == ("reset", "access")


async def test_what_is_rolled_back_changes_no_access(alice: User) -> None:
    def leave_and_roll_back() -> None:
        with transaction.atomic():
            leave(alice)
            transaction.set_rollback(True)

    async with watching(alice) as watcher:
        await in_thread(leave_and_roll_back)()
        await post(alice, "Hello")
        assert (await watcher.frame())["type"] == "changes"


@pytest.mark.django_db(transaction=False)
def test_a_change_of_access_comes_before_what_was_committed_after_it(alice: User) -> None:
    """A transaction may have recorded its event before the change of access, and commit after it."""
    log.number()
    StatusChange.objects.create(user=alice, text="Hello")
    access_changed(alice)
    log.number()
    actions = Change.objects.order_by("-position").values_list("action", flat=True)
    assert list(actions[:2]) == ["created", "access"]


@pytest.mark.django_db(transaction=False)
def test_many_users_take_few_changes_and_queries() -> None:
    users = User.objects.bulk_create(User(username=f"user{number}") for number in range(1100))
    before = Change.objects.count()
    with CaptureQueriesContext(connection) as queries:
        access_changed(User.objects.filter(pk__in=[user.pk for user in users]))
    assert Change.objects.count() == before + 3
    assert len(queries) <= 6


@pytest.mark.django_db(transaction=False)
def test_an_audience_that_fails_has_no_members_and_fails_no_other(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tests.support.audiences.Team.keys_for", lambda self, user: 1 / 0)
    assert audiences_of(alice) == {"public", "only:alice", "followers:alice", "to:alice"}
    assert "find who may see" in caplog.text


def noted(asked: list[object], keys: list[int]) -> list[int]:
    asked.append(keys)
    return keys


async def test_where_all_is_public_nobody_is_asked(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("tests.support.audiences.Team.keys_for", lambda self, user: noted(asked, []))
    async with watching(alice) as watcher:
        await post(alice, "Hello")
        await watcher.frame()
    assert not asked


async def test_all_watchers_of_a_user_share_one_answer(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    audience = await in_thread(team)(alice)
    key = int(audience.partition(":")[2])
    monkeypatch.setattr("tests.support.audiences.Team.keys_for", lambda self, user: noted(asked, [key]))
    async with watching(alice) as one, watching(alice) as another:
        for text in ("one", "two"):
            await post(alice, text, audience)
            assert text in str(await one.frame())
            assert text in str(await another.frame())
    assert len(asked) == 2, "Once by each of the two prefixes of the tests."


@pytest.mark.django_db(transaction=False)
def test_a_page_shows_nothing_to_who_leaves_while_it_is_read(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    audience = team(alice)
    StatusChange.objects.create(user=alice, text="Secret", audience=audience)
    stale = iter([frozenset({"public", audience})])
    monkeypatch.setattr(
        sys.modules["feed.streams.newest"], "audiences_of", lambda user: next(stale, frozenset({"public"}))
    )
    assert newest_for(alice, Event.rows.all(), ["public"], None, 10) == [*Event.rows.filter(kind="welcome")]


@pytest.mark.django_db(transaction=False)
def test_only_users_are_taken_for_users(alice: User) -> None:
    group = Group.objects.create(name="group")
    for others in ([group], Group.objects.all(), [alice, group]):
        with pytest.raises(TypeError, match="takes users, not Group"):
            access_changed(others)
