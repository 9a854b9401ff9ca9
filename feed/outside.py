"""What a page tells those outside of it: search engines, link previews, feed readers and terminals.

It is what anybody may see. A page that not everybody may see tells nothing.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.text import Truncator

from feed import streams
from feed.conf import conf
from feed.log.tables import PUBLIC
from feed.paths import socket_path
from feed.people import name_of
from feed.refusals import Refusal

TITLE = "What people are up to"
TITLE_LENGTH = 70
TEXT_LENGTH = 200


class Description(NamedTuple):
    """type: as in https://ogp.me/. url: of the page itself, whatever its query is."""

    title: str
    text: str
    type: str
    url: str
    atom: str
    site: str


class Urls(NamedTuple):
    """Absolute URLs for programs. Empty where there is none."""

    socket: str
    api: str
    atom: str


def site_name(request: HttpRequest) -> str:
    return conf.FEED_SITE_NAME or request.get_host()


def is_public(context: Mapping[str, Any]) -> bool:
    """Whether anybody may see this page: its streams, and the event that it is about. Makes no query."""
    event = context.get("event")
    with suppress(Refusal):
        streams.check_access(context["streams"])
        return event is None or event.audience == PUBLIC
    return False


def description(context: Mapping[str, Any]) -> Description | None:
    """None for a page that isn't to be found: one that not everybody may see, or one of older events, whose content
    changes."""
    if context["page"].before or not is_public(context):
        return None
    request, names = context["request"], context["streams"]
    title, text, kind = _words(context)
    url = request.build_absolute_uri(request.path) + _filter(request)
    shown = Truncator(" ".join(text.split())).chars(TEXT_LENGTH)
    return Description(title, shown, kind, url, atom_url(request, names), site_name(request))


def urls(context: Mapping[str, Any]) -> Urls:
    request, names, page = context["request"], context["streams"], context["page"]
    # A position belongs to the log that it counts in, but a terminal starts a moment later.
    socket = request.build_absolute_uri(f"{socket_path()}?{_query(names, after=page.state.head)}")
    with_api = ""
    with suppress(NoReverseMatch):
        with_api = request.build_absolute_uri(f"{reverse('api:list_events')}?{_query(names)}")
    return Urls("ws" + socket.removeprefix("http"), with_api, atom_url(request, names) if is_public(context) else "")


def atom_url(request: HttpRequest, names: Collection[str]) -> str:
    with suppress(NoReverseMatch):
        query = "" if [*names] == [PUBLIC] else f"?{_query(names)}"
        return request.build_absolute_uri(reverse("feed:atom") + query)
    return ""


def _words(context: Mapping[str, Any]) -> tuple[str, str, str]:
    if event := context.get("event"):
        title = Truncator(" ".join(str(event).split())).chars(TITLE_LENGTH)
        return title, str(getattr(event, "text", None) or event), "article"
    if person := context.get("person"):
        name = name_of(person) or ""
        return name, getattr(context.get("profile"), "bio", "") or f"What {name} is up to, as it happens.", "profile"
    return TITLE, f"{TITLE}, as it happens.", "website"


def _filter(request: HttpRequest) -> str:
    """Of a page's own query the part that says what it shows."""
    names = request.GET.getlist("stream")
    return f"?{_query(names)}" if names else ""


def _query(names: Collection[str], **more: object) -> str:
    # Names stay readable. An apostrophe is quoted, which would end the word in a shell.
    return urlencode([*(("stream", name) for name in names), *more.items()], safe=":@")
