"""Adds the feed's websocket and its server-sent events to a project's ASGI application."""

from collections.abc import Awaitable, Sequence
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.handlers.asgi import get_script_prefix

from feed.connection.asgi import Application, Receive, Scope, Send, remember_send
from feed.connection.origins import same_origin_or_none
from feed.consumers import FeedConsumer
from feed.event_stream import EventStream
from feed.handshake import ticket_of
from feed.paths import EVENTS, SOCKET, remember_prefix
from feed.routing import websocket_urlpatterns


def with_feed(http: Any, websocket: Sequence[Any] = ()) -> Application:
    """The project's application with the feed's websocket and server-sent events.

    http: the project's own application, `get_asgi_application()`.
    websocket: the project's own websocket routes, which are asked first.

    In asgi.py, after `get_asgi_application()`, because the feed needs the apps to be loaded:

        application = with_feed(get_asgi_application())
    """
    guarded = same_origin_or_none(below_prefix(URLRouter([*websocket, *websocket_urlpatterns])))
    routes = remember_send(tickets_from_anywhere(guarded))
    application: Application = ProtocolTypeRouter({"http": events_or(http), "websocket": routes})
    return application


def events_or(application: Application) -> Application:
    """Middleware: serve the feed's server-sent events. Django's own handler would copy each of them."""

    def routed(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not is_at(EVENTS, scope):
            return application(scope, receive, send)
        remember_prefix(get_script_prefix(scope))
        return EventStream.answer(scope, receive, send)

    return routed


def is_at(path: str, scope: Scope) -> bool:
    """Whether the scope is of this path below that of the site."""
    found: str = scope["path"].removeprefix(get_script_prefix(scope)).lstrip("/")
    return found == path


def tickets_from_anywhere(application: Application) -> Application:
    """Middleware: let a page of any site open the feed's websocket with a ticket. What comes with one isn't routed: the
    project's own websockets don't look at tickets, and would take the visitor's cookie."""
    feed: Application = FeedConsumer.as_asgi()

    def opened(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if ticket_of(scope) is None or not is_at(SOCKET, scope):
            return application(scope, receive, send)
        remember_prefix(get_script_prefix(scope))
        return feed(scope, receive, send)

    return opened


def below_prefix(application: Application) -> Application:
    """Middleware: route by the path below that of the site, as Django does for pages. By itself, URLRouter refuses the
    paths of Daphne with --root-path, and those of FORCE_SCRIPT_NAME."""

    def routed(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        prefix = get_script_prefix(scope)
        remember_prefix(prefix)
        scope.setdefault("path_remaining", scope["path"].removeprefix(prefix))
        return application(scope, receive, send)

    return routed
