"""Tickets: a page of another site watches with what its own server got for a token."""

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import re_path
from django.utils import timezone

from asgi import application
from feed.asgi import with_feed
from feed.connection.asgi import Receive, Scope, Send
from feed.hub import hub
from feed.tokens import Token, digest_of_ticket, redeem
from feed.tokens.tickets import Ticket
from tests.conftest import logged_in
from tests.feed.sockets import TIMEOUT, SocketClient, texts
from tests.feed.tokens.test_sockets import make, post_to_a_team_of, session_of
from tests.support.tokens import bearer, issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

EVIL = (b"origin", b"https://elsewhere.example")


def ask(secret: str) -> dict[str, object]:
    response = Client().post("/api/tickets/", headers=bearer(secret))
    assert response.status_code == 201, response.content
    assert "no-store" in response.headers["Cache-Control"]
    return dict(response.json())


@database_sync_to_async
def ticket_for(secret: str) -> str:
    return str(ask(secret)["ticket"])


def page(ticket: str, query: str = "?after=0", session: str = "", path: str = "/ws/feed/") -> SocketClient:
    cookie = [(b"cookie", f"sessionid={session}".encode())] if session else []
    return SocketClient(application, path + query, [EVIL, *cookie], ["rill.v1", f"ticket.{ticket}"])


async def refusal(ticket: str) -> tuple[str, int]:
    client = page(ticket)
    assert (await client.connect(timeout=TIMEOUT))[0]
    return await client.refusal()


@pytest.mark.usefixtures("closed_hub")
async def test_a_page_of_another_site_watches_as_the_user_of_the_token(alice: User, bob: User, teams: None) -> None:
    await post_to_a_team_of(alice)
    client = page(await ticket_for(await make(alice)), session=await session_of(bob))
    assert await client.connect(timeout=TIMEOUT) == (True, "rill.v1")
    assert texts(await client.frame()) == ["for the team"]
    await client.disconnect(timeout=TIMEOUT)


@pytest.mark.usefixtures("closed_hub")
async def test_a_visitors_cookie_counts_for_nothing_there(alice: User, bob: User, teams: None) -> None:
    await post_to_a_team_of(alice)
    client = page(await ticket_for(await make(bob)), session=await session_of(alice))
    assert (await client.connect(timeout=TIMEOUT))[0]
    assert texts(await client.frame()) == []
    await client.disconnect(timeout=TIMEOUT)


@pytest.mark.usefixtures("closed_hub")
async def test_a_ticket_opens_one_socket(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    first = page(ticket)
    assert (await first.connect(timeout=TIMEOUT))[0]
    assert (await first.frame())["type"] == "changes"
    assert await refusal(ticket) == ("bad_ticket", 4401)
    await first.disconnect(timeout=TIMEOUT)


@pytest.mark.usefixtures("closed_hub")
async def test_of_two_sockets_at_once_one_gets_in(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    clients = [page(ticket), page(ticket)]
    for client in clients:  # a socket is accepted before its ticket is looked up
        await client.connect(timeout=TIMEOUT)
    frames = [await client.frame() for client in clients]
    assert sorted(frame["type"] for frame in frames) == ["changes", "error"]
    for client in clients:
        await client.disconnect(timeout=TIMEOUT)


def test_a_wrong_ticket_waits_for_no_writer() -> None:
    """Anybody can send one. On SQLite a transaction begins by waiting for the one writer."""
    with CaptureQueriesContext(connection) as queries:
        assert redeem(digest_of_ticket("x" * 43)) is None
    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]


@pytest.mark.usefixtures("closed_hub")
async def test_a_ticket_is_good_for_a_minute(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    left = (await database_sync_to_async(Ticket.objects.get)()).expires_at - timezone.now()
    assert timedelta(seconds=30) < left <= timedelta(seconds=60)
    await database_sync_to_async(Ticket.objects.update)(expires_at=timezone.now())
    assert await refusal(ticket) == ("bad_ticket", 4401)


@pytest.mark.usefixtures("closed_hub")
async def test_a_ticket_of_a_revoked_token_opens_nothing(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    await database_sync_to_async(Token.objects.all().delete)()
    assert await refusal(ticket) == ("bad_ticket", 4401)


@pytest.mark.usefixtures("closed_hub")
async def test_revoking_the_token_ends_the_socket_of_its_ticket(alice: User) -> None:
    client = page(await ticket_for(await make(alice)))
    assert (await client.connect(timeout=TIMEOUT))[0]
    await client.frame()
    await database_sync_to_async(Token.objects.all().delete)()
    await hub().sessions.check()
    assert await client.refusal() == ("bad_token", 4401)


@pytest.mark.usefixtures("closed_hub")
@pytest.mark.parametrize("ticket", ["", "wrong", "x" * 43])
async def test_a_wrong_ticket_is_told_so_even_with_a_cookie(alice: User, ticket: str) -> None:
    client = page(ticket, session=await session_of(alice))
    assert (await client.connect(timeout=TIMEOUT))[0]
    assert await client.refusal() == ("bad_ticket", 4401)


async def test_without_a_ticket_the_page_is_refused(alice: User) -> None:
    client = SocketClient(application, "/ws/feed/", [EVIL], ["rill.v1"])
    assert not (await client.connect(timeout=TIMEOUT))[0]


@pytest.mark.parametrize("path", ["/ws/other/", "/ws/feed/more/"])
async def test_a_ticket_opens_no_other_websocket_of_the_site(alice: User, path: str) -> None:
    """A visitor's cookie would be sent along, by a page of an attacker who has a ticket."""

    async def own(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    site = with_feed(None, websocket=[re_path("", own)])  # type: ignore[arg-type]
    client = WebsocketCommunicator(site, path, [EVIL], ["rill.v1", f"ticket.{await ticket_for(await make(alice))}"])
    assert not (await client.connect(timeout=TIMEOUT))[0]


def test_a_ticket_needs_a_token_that_may_read(alice: User) -> None:
    client = logged_in(alice)
    assert client.post("/api/tickets/").json()["code"] == "token_needed"
    assert client.post("/api/tickets/").headers["WWW-Authenticate"] == "Bearer"
    assert Client().post("/api/tickets/", headers=bearer(issue(alice, "post"))).json()["code"] == "missing_scope"
    assert not Ticket.objects.exists()


def test_a_session_without_a_csrf_token_is_refused_first(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/api/tickets/")
    assert (response.status_code, response.json()["code"]) == (403, "bad_csrf")


def test_the_table_has_no_ticket_and_old_ones_go(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = issue(alice)
    ticket = str(ask(secret)["ticket"])
    assert ticket not in str(Ticket.objects.values().get())
    Ticket.objects.update(expires_at=timezone.now())
    ask(secret)
    assert Ticket.objects.count() == 1
    monkeypatch.setattr("feed.tokens.tickets.MAX_TICKETS", 1)
    refused = Client().post("/api/tickets/", headers=bearer(secret))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tickets")
    assert refused.headers["Retry-After"] == "60"
