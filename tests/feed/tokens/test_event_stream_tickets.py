"""Tickets for server-sent events: a page of another site reads what its own server's token may."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from feed.hub import hub
from feed.tokens import Token
from tests.feed.event_streams import Header, reading
from tests.feed.sockets import texts
from tests.feed.tokens.test_sockets import make, post_to_a_team_of, session_of
from tests.feed.tokens.test_tickets import EVIL, ticket_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]

CORS = "access-control-allow-origin"


async def cookie_of(user: User) -> list[Header]:
    return [(b"cookie", f"sessionid={await session_of(user)}".encode())]


async def test_a_page_of_another_site_reads_as_the_user_of_the_token(alice: User, teams: None) -> None:
    await post_to_a_team_of(alice)
    ticket = await ticket_for(await make(alice))
    async with reading(f"after=0&ticket={ticket}", [EVIL]) as client:
        assert (client.status, client.headers[CORS]) == (200, "*")
        assert "access-control-allow-credentials" not in client.headers
        assert texts(await client.frame()) == ["for the team"]


async def test_a_visitors_cookie_counts_for_nothing_beside_a_ticket(alice: User, bob: User, teams: None) -> None:
    await post_to_a_team_of(alice)
    ticket = await ticket_for(await make(bob))
    async with reading(f"after=0&ticket={ticket}", [EVIL, *await cookie_of(alice)]) as client:
        assert texts(await client.frame()) == []


async def test_a_ticket_opens_one_stream(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    async with reading(f"ticket={ticket}", [EVIL]) as client:
        assert (await client.frame())["type"] == "changes"
        async with reading(f"ticket={ticket}", [EVIL]) as second:
            assert await second.refusal() == ("bad_ticket", 401)


@pytest.mark.parametrize("ticket", ["", "wrong", "x" * 43])
async def test_a_wrong_ticket_is_refused_even_with_a_cookie(alice: User, ticket: str) -> None:
    async with reading(f"ticket={ticket}", [EVIL, *await cookie_of(alice)]) as client:
        assert await client.refusal() == ("bad_ticket", 401)


async def test_without_a_ticket_the_page_is_refused(alice: User) -> None:
    async with reading("", [EVIL, *await cookie_of(alice)]) as client:
        assert await client.refusal() == ("other_origin", 403)
        assert CORS not in client.headers


async def test_a_ticket_does_not_excuse_another_host(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    async with reading(f"ticket={ticket}", [EVIL, (b"host", b"elsewhere.example")]) as client:
        assert await client.refusal() == ("bad_host", 400)


async def test_revoking_the_token_ends_the_stream_of_its_ticket(alice: User) -> None:
    ticket = await ticket_for(await make(alice))
    async with reading(f"ticket={ticket}", [EVIL]) as client:
        await client.frame()
        await database_sync_to_async(Token.objects.all().delete)()
        await hub().sessions.check()
        assert (await client.frame())["code"] == "bad_token"
        await client.ended()
