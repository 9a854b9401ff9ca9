from django.urls import path, re_path

from feed.consumers import FeedConsumer, NowhereConsumer
from feed.paths import SOCKET

websocket_urlpatterns = [
    path(SOCKET, FeedConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),
]
