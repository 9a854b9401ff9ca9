"""The tutorial's `asgi.py` without its check of the Origin header, which the load program doesn't send."""

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

http = get_asgi_application()

# Imported here because it needs the apps to be loaded.
from bench.servers.site.consumers import ChatConsumer  # noqa: E402

websocket = AuthMiddlewareStack(URLRouter([path("ws/chat/<room_name>/", ChatConsumer.as_asgi())]))
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
