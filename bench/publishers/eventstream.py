"""Publishes with django-eventstream's `send_event`, as its README shows."""

from functools import partial

from django_eventstream import send_event

from bench.publishers.posts import PostPublisher
from bench.servers.site.eventstream_urls import CHANNEL


def publisher() -> PostPublisher:
    return PostPublisher(partial(send_event, CHANNEL, "message"))
