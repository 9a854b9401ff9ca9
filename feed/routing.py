from django.urls import path, re_path

from feed.consumers import FeedConsumer, NowhereConsumer

websocket_urlpatterns = [
    path("ws/feed/", FeedConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),
]
