"""The tutorial's `asgi.py`, less its check of the Origin: a program that watches doesn't send one."""

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

http = get_asgi_application()

# Only now: it needs the apps to be loaded.
from bench.servers.site.consumers import ChatConsumer  # noqa: E402

websocket = AuthMiddlewareStack(URLRouter([path("ws/chat/<room_name>/", ChatConsumer.as_asgi())]))
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
