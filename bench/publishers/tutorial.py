"""Publishes with `group_send`, called from synchronous code as the documentation of channel layers shows."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from bench.publishers.posts import PostPublisher
from bench.servers.site.consumers import GROUP


def publisher() -> PostPublisher:
    layer = get_channel_layer()
    assert layer is not None

    def announce(event: dict[str, Any]) -> None:
        async_to_sync(layer.group_send)(GROUP, {"type": "chat.message", "message": event})

    return PostPublisher(announce)
