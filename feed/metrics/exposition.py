"""Writes the metrics in the format that the client accepts."""

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from feed.metrics.collector import FeedCollector

registry = CollectorRegistry(auto_describe=False)
registry.register(FeedCollector())
ProcessCollector(registry=registry)


def exposition(accept: str) -> tuple[bytes, str]:
    """accept: the request's header. Returns the text and its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
