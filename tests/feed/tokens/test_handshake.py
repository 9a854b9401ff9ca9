"""What a client says who it is by, at any door."""

import pytest

from feed.connection.asgi import Scope
from feed.handshake import credential_of, subprotocol_of
from feed.hub.watcher import Credential
from feed.tokens.secret import digest, new_secret

SECRET = new_secret()
TICKET = "t" * 43
COOKIE = (b"cookie", b"a=b; sessionid=key")
TOKEN = (b"authorization", f"Bearer {SECRET}".encode())

each_door = pytest.mark.parametrize("door", ["websocket", "http"])


def scope(door: str, *headers: tuple[bytes, bytes], subprotocols: tuple[str, ...] = ()) -> Scope:
    offered = {"subprotocols": [*subprotocols]} if door == "websocket" else {}
    return {"type": door, "headers": [*headers], **offered}


@each_door
def test_an_anonymous_client_says_nothing(door: str) -> None:
    assert credential_of(scope(door)) is None
    assert credential_of(scope(door, (b"cookie", b"sessionid="))) is None


@each_door
def test_a_browser_has_a_session(door: str) -> None:
    assert credential_of(scope(door, COOKIE)) == Credential("key")


@each_door
def test_a_token_counts_alone(door: str) -> None:
    assert credential_of(scope(door, COOKIE, TOKEN)) == Credential(token=digest(SECRET))


@each_door
@pytest.mark.parametrize("header", [b"Bearer", b"bearer wrong", b"Bearer \xff", b"Bearer rill_"])
def test_what_cannot_be_a_token_is_no_session_either(door: str, header: bytes) -> None:
    assert credential_of(scope(door, COOKIE, (b"authorization", header))) == Credential(token="")


@each_door
def test_of_two_tokens_none_counts(door: str) -> None:
    assert credential_of(scope(door, COOKIE, TOKEN, TOKEN)) == Credential(token="")


@each_door
def test_another_scheme_is_left_alone(door: str) -> None:
    assert credential_of(scope(door, COOKIE, (b"authorization", b"Basic YTpi"))) == Credential("key")


@pytest.mark.parametrize(("ticket", "expected"), [(TICKET, digest(TICKET)), ("", ""), ("wrong", ""), ("é" * 43, "")])
def test_a_ticket_counts_more_than_a_cookie(ticket: str, expected: str) -> None:
    offered = scope("websocket", COOKIE, subprotocols=("rill.v1", f"ticket.{ticket}"))
    assert credential_of(offered) == Credential(ticket=expected)


def test_a_token_counts_more_than_a_ticket() -> None:
    offered = scope("websocket", TOKEN, subprotocols=("rill.v1", f"ticket.{TICKET}"))
    assert credential_of(offered) == Credential(token=digest(SECRET))


def test_the_subprotocol_is_answered_only_if_it_is_offered() -> None:
    assert subprotocol_of(scope("websocket", subprotocols=("other", "rill.v1"))) == "rill.v1"
    assert subprotocol_of(scope("websocket", subprotocols=("other",))) is None
    assert subprotocol_of(scope("websocket")) is None
