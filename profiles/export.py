"""Everything that is a person's, as JSON: for a download that may be larger than the memory."""

import base64
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from feed.frames.describe import as_json
from feed.models import Event, Token
from profiles.models import Picture, UserProfile
from profiles.muting import muted as find_muted

PART = 500
"""Events that are read at once."""
SECRET = {"password", "is_staff", "is_superuser"}

Section = Callable[[Any], Iterable[str]]


def account(user: Any) -> Iterator[str]:
    yield _json({field.name: field.value_from_object(user) for field in _fields(user, SECRET)})


def profile(user: Any) -> Iterator[str]:
    for found in UserProfile.objects.filter(user=user):
        yield _json({field.name: field.value_from_object(found) for field in _fields(found, {"id", "user"})})


def pictures(user: Any) -> Iterator[str]:
    for found in Picture.objects.filter(user=user).order_by("-size"):
        yield _json({"size": found.size, "webp": base64.b64encode(bytes(found.content)).decode()})


def events(user: Any) -> Iterator[str]:
    """All events of the user, of every kind and audience, oldest first: as the API describes them."""
    last = 0
    while part := list(Event.objects.filter(user=user, pk__gt=last).with_users().order_by("pk")[:PART]):
        yield from map(as_json, part)
        last = part[-1].pk


def muted(user: Any) -> Iterator[str]:
    found = find_muted(user)
    yield from (_json({"person": name}) for name in sorted(found.people.values()))
    yield from (_json({"thread": key}) for key in sorted(found.threads))


def tokens(user: Any) -> Iterator[str]:
    for found in Token.objects.of(user):
        yield _json({field.name: field.value_from_object(found) for field in _fields(found, {"user", "digest"})})


SECTIONS: dict[str, Section] = {
    "account": account,
    "profile": profile,
    "pictures": pictures,
    "muted": muted,
    "tokens": tokens,
    "events": events,
}
"""The lists of the export, by name. Each gives its entries as JSON. Other modules may add theirs."""


def parts(user: Any) -> Iterator[str]:
    """The file, in parts."""
    yield "{"
    for number, (name, section) in enumerate(SECTIONS.items()):
        yield f'{"," if number else ""}\n"{name}": ['
        for place, entry in enumerate(section(user)):
            yield f"{',' if place else ''}\n{entry}"
        yield "]"
    yield "}\n"


def as_download(request: HttpRequest, content: Iterator[str], name: str) -> HttpResponse:
    # Django would read all of a plain iterator into memory on ASGI, and all of an asynchronous one on WSGI.
    streamed = _in_threads(content) if isinstance(request, ASGIRequest) else content
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(streamed, content_type="application/json", headers=headers)  # type: ignore[return-value]


async def _in_threads(content: Iterator[str]) -> AsyncIterator[str]:
    """Joined, because each step into a thread takes longer than an event."""
    while part := await sync_to_async(_next_part)(content):
        yield part


def _next_part(content: Iterator[str]) -> str:
    return "".join(text for text, _ in zip(content, range(PART), strict=False))


def _fields(instance: Any, without: set[str]) -> list[Any]:
    return [field for field in instance._meta.concrete_fields if field.name not in without]


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
