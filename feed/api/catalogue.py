"""What there is: kinds of events, and streams."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from feed import streams
from feed.access import user_of
from feed.api.limits import count_read
from feed.api.models import required_of, schema_of, summary_of
from feed.api.schemas import READ_ERRORS, ErrorOut, Kinds, Streams
from feed.kinds.posted import is_postable
from feed.models import Event
from feed.streams import Audience, Personal, Stream
from feed.streams.stream import STREAMS, name
from feed.tokens.requests import ANONYMOUS_TOO, need, token_of

MAX_NAMES = 1000
"""Audiences of one class that are listed."""

kinds = Router()
all_streams = Router()


@kinds.get("/", response={200: Kinds, READ_ERRORS: ErrorOut}, summary="Kinds of events", openapi_extra=ANONYMOUS_TOO)
def list_kinds(request: HttpRequest) -> Any:
    """The kinds of events with their own fields, and whether you may post them."""
    need(request, "read")
    count_read(request)
    may_post = _may_post(request)
    found = sorted((name, kind) for name, kind in Event.kinds().items() if kind is not Event)
    return {"kinds": [_kind(name, kind, may_post) for name, kind in found]}


def _may_post(request: HttpRequest) -> bool:
    token = token_of(request)
    return user_of(request).is_authenticated and (token is None or "post" in token.scopes)


def _kind(name: str, kind: type[Event], may_post: bool) -> dict[str, Any]:
    is_open = is_postable(kind)
    return {
        "kind": name,
        "label": str(kind._meta.verbose_name),
        "description": summary_of(kind),
        "may_post": may_post and is_open,
        "fields": dict(schema_of(kind)),
        "required": required_of(kind),
    }


@all_streams.get("/", response={200: Streams, READ_ERRORS: ErrorOut}, summary="Streams", openapi_extra=ANONYMOUS_TOO)
def list_streams(request: HttpRequest) -> Any:
    """The kinds of streams, and which of them you may watch."""
    need(request, "read")
    count_read(request)
    user = user_of(request)
    mine, to_post = streams.audiences_of(user), streams.audiences_to_post(user)
    return {"streams": [_stream(stream, mine, to_post) for _, stream in sorted(STREAMS.items())]}


def _stream(stream: Stream, mine: frozenset[str], to_post: frozenset[str]) -> dict[str, Any]:
    own = [each for each in sorted(mine) if each.startswith(f"{stream.prefix}:")][:MAX_NAMES]
    yours = own if isinstance(stream, Audience) else []
    is_closed = isinstance(stream, Audience | Personal)
    return {
        "name": name(stream, "" if stream.accepts("") else "KEY"),
        "type": _type(stream),
        "description": description_of(stream),
        "may_watch": bool(yours or not is_closed or (isinstance(stream, Personal) and stream.topics(mine))),
        "yours": yours,
        "to_post": [each for each in yours if each in to_post],
    }


def _type(stream: Stream) -> str:
    if isinstance(stream, Audience):
        return "audience"
    return "personal" if isinstance(stream, Personal) else "topic"


def description_of(stream: Stream) -> str:
    """The first paragraph of the docstring of its class. Those of the base classes are for authors of streams."""
    return " ".join((vars(type(stream)).get("__doc__") or "").partition("\n\n")[0].split())
