"""What a client asks for when it connects, and later: its URL, its cookie or token, and other streams."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie

from feed import streams, tokens
from feed.connection.asgi import Scope
from feed.frames.formats import FORMATS
from feed.hub.sessions import session_model
from feed.hub.watcher import Credential
from feed.numbers import parse_number
from feed.presence.people import visitor_named
from feed.refusals import Refusal

SUBPROTOCOL = "rill.v1"
TICKET = "ticket."


@dataclass(frozen=True, slots=True)
class Request:
    """The query string of the URL, without the format."""

    streams: frozenset[str]
    after: int | None
    epoch: str
    presence: bool
    """Whether it is a page that shows who is watching, and so is counted itself."""

    @classmethod
    def parse(cls, query: bytes) -> Self:
        """Raises Refusal, as soon as something can't be served."""
        try:
            values = parse_qs(query.decode(), keep_blank_values=True, max_num_fields=1000, errors="strict")
        except ValueError:
            raise Refusal("bad_request", "The query string can't be read.") from None
        return cls(
            streams=streams.parse(values.get("stream", [])) | badges(values.get("badge", [])),
            after=parse_cursor(values["after"][-1]) if "after" in values else None,
            epoch=values.get("log", [""])[-1],
            presence="presence" in values,
        )


def badges(names: list[str]) -> frozenset[str]:
    """The streams that a page watches for their badges, beside those of its rows."""
    return streams.parse(names) if names else frozenset()


def format_of(query: bytes) -> str:
    """The format that the query string names. Read before the rest, which is refused in this format."""
    name = parse_qs(query.decode(errors="replace")).get("format", ["json"])[-1]
    if name not in FORMATS:
        raise Refusal("bad_request", f"The format is one of {', '.join(FORMATS)}.")
    return name


def parse_cursor(value: object) -> int:
    """A cursor from a URL or a message. Raises Refusal."""
    number = parse_number(value)
    if number is None:
        raise Refusal("bad_cursor", "A cursor is a whole number that is not negative.")
    return number


def parse_watch(message: Mapping[str, object]) -> tuple[frozenset[str], int | None, str]:
    """What a client asks for that changes its streams: the streams, and the cursor of those that are new with its log.
    Raises Refusal."""
    names, after = message.get("streams"), message.get("after")
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise Refusal("bad_request", '"streams" is a list of the names of streams.')
    if isinstance(after, int):
        after = str(after)
    return streams.parse(names), None if after is None else parse_cursor(after), str(message.get("log", ""))


def resumed(last_event_id: str) -> tuple[int, str] | None:
    """The cursor and the log in the header `Last-Event-ID`, or None if it is empty. Raises Refusal."""
    epoch, _, position = last_event_id.strip().rpartition(":")
    return (parse_cursor(position), epoch) if position or epoch else None


def credential_of(scope: Scope) -> Credential | None:
    """What the client of a websocket or HTTP scope identifies itself with. A token or a ticket counts more than its
    cookie. None for an anonymous client."""
    token = tokens.digest_in(header_of(scope, b"authorization"))
    if token is not None:
        return Credential(token=token)
    if (ticket := ticket_of(scope)) is not None:
        return Credential(ticket=tokens.digest_of_ticket(ticket))
    session = session_of(scope)
    return Credential(session) if session else None


def ticket_of(scope: Scope) -> str | None:
    """The ticket that a page of another site has put among the subprotocols: browsers let it set no other header."""
    offered = (each for each in scope.get("subprotocols", ()) if each.startswith(TICKET))
    ticket = next(offered, None)
    return None if ticket is None else ticket.removeprefix(TICKET)


def subprotocol_of(scope: Scope) -> str | None:
    """The subprotocol to answer. A browser that has offered some, and gets none, closes the connection."""
    return SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None


def session_of(scope: Scope) -> str | None:
    """The key of the session that the client's cookie names. None in a project without sessions: all are anonymous."""
    return None if session_model() is None else cookies_of(scope).get(settings.SESSION_COOKIE_NAME)


def visitor_of(scope: Scope) -> str:
    """The name of the client's browser for presence, or ""."""
    return visitor_named(cookies_of(scope).get(settings.CSRF_COOKIE_NAME))


def cookies_of(scope: Scope) -> dict[str, str]:
    return parse_cookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin1"))


def header_of(scope: Scope, name: bytes) -> str:
    """The header's values, joined as Django joins them: of two tokens, none is valid."""
    return b",".join(value for each, value in scope["headers"] if each == name).decode("latin1")
