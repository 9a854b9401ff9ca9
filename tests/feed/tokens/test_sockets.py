"""The websocket with a token, without a server. tests/test_disconnects.py revokes tokens with two real servers."""

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from feed.hub import hub
from feed.models import StatusChange
from feed.tokens import Token, last_use
from feed.tokens.secret import new_secret
from tests.conftest import logged_in
from tests.feed.sockets import connect, post_status, texts
from tests.support.audiences import team
from tests.support.tokens import issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]

make = database_sync_to_async(issue)


def headers(secret: str, session: str = "") -> list[tuple[bytes, bytes]]:
    cookie = [(b"cookie", f"sessionid={session}".encode())] if session else []
    return [(b"authorization", f"Bearer {secret}".encode()), *cookie]


@database_sync_to_async
def session_of(user: User) -> str:
    return str(logged_in(user).session.session_key)


@database_sync_to_async
def post_to_a_team_of(user: User) -> None:
    StatusChange.objects.create(user=user, text="for the team", audience=team(user))


async def test_a_token_watches_what_its_user_may_see(alice: User, bob: User, teams: None) -> None:
    await post_to_a_team_of(alice)
    of_alice, of_bob = headers(await make(alice)), headers(await make(bob))
    async with connect("?after=0", of_alice) as hers, connect("?after=0", of_bob) as his:
        assert texts(await hers.frame()) == ["for the team"]
        assert texts(await his.frame()) == []


async def test_the_cookie_is_ignored_beside_a_token(alice: User, bob: User, teams: None) -> None:
    await post_to_a_team_of(alice)
    async with connect("?after=0", headers(await make(bob), await session_of(alice))) as his:
        assert texts(await his.frame()) == []


@pytest.mark.parametrize("secret", ["", "wrong", pytest.param(new_secret(), id="unknown"), "é", "x" * 5000])
async def test_a_wrong_token_is_told_so_and_closed(alice: User, secret: str) -> None:
    async with connect("?after=0", headers(secret, await session_of(alice))) as watcher:
        assert await watcher.refusal() == ("bad_token", 4401)


async def test_of_two_tokens_none_counts(alice: User) -> None:
    secret = await make(alice)
    async with connect("", headers(secret) * 2) as watcher:
        assert await watcher.refusal() == ("bad_token", 4401)


async def test_another_scheme_is_left_alone(alice: User) -> None:
    async with connect("", [(b"authorization", b"Basic YWxpY2U6c2VjcmV0")]) as watcher:
        assert (await watcher.frame())["type"] == "changes"


async def test_a_token_that_may_not_read_may_not_watch(alice: User) -> None:
    async with connect("", headers(await make(alice, "post"))) as watcher:
        assert await watcher.refusal() == ("missing_scope", 4403)


ENDS: dict[str, Any] = {
    "revoked": lambda: Token.objects.all().delete(),
    "expired": lambda: Token.objects.update(expires_at=timezone.now()),
    "deactivated": lambda: User.objects.update(is_active=False),
}


@pytest.mark.parametrize("end", ENDS)
async def test_the_end_of_a_token_ends_its_sockets_and_no_others(alice: User, bob: User, end: str) -> None:
    async with connect("", headers(await make(alice))) as watcher, connect() as anonymous:
        await watcher.frame()
        await anonymous.frame()
        await hub().sessions.check()
        await database_sync_to_async(ENDS[end])()
        await hub().sessions.check()
        assert await watcher.refusal() == ("bad_token", 4401)
        await post_status(bob, "still there")
        assert texts(await anonymous.frame()) == ["still there"]


async def test_a_new_password_ends_no_socket_of_a_token(alice: User, bob: User) -> None:
    async with connect("", headers(await make(alice))) as watcher:
        await watcher.frame()
        alice.set_password("another horse battery")
        await database_sync_to_async(alice.save)()
        await hub().sessions.check()
        await post_status(bob, "still there")
        assert texts(await watcher.frame()) == ["still there"]


async def test_many_sockets_of_a_token_share_one_login(alice: User) -> None:
    secret = await make(alice)
    async with connect("", headers(secret)) as one, connect("", headers(secret)) as other:
        await one.frame()
        await other.frame()
        assert len(hub().sessions._watchers) == 1


async def test_a_socket_is_a_use_of_its_token(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_use, "PATIENCE", 20_000)  # the hub writes, too
    async with connect("", headers(await make(alice))) as watcher:
        await watcher.frame()
    token = await database_sync_to_async(Token.objects.get)()
    assert token.last_used_at is not None
