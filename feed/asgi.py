"""Adds the feed's websocket to a project's ASGI application."""

from collections.abc import Sequence
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter

from feed.connection.asgi import Application, remember_send
from feed.connection.origins import same_origin_or_none
from feed.routing import websocket_urlpatterns


def with_feed(http: Any, websocket: Sequence[Any] = ()) -> Application:
    """The project's application with the feed's websocket.

    http: the project's own application, `get_asgi_application()`.
    websocket: the project's own websocket routes, which are asked first.

    In asgi.py, after `get_asgi_application()`, because the feed needs the apps to be loaded:

        application = with_feed(get_asgi_application())
    """
    routes = remember_send(same_origin_or_none(URLRouter([*websocket, *websocket_urlpatterns])))
    application: Application = ProtocolTypeRouter({"http": http, "websocket": routes})
    return application
