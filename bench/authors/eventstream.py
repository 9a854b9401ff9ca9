"""django-eventstream's `send_event`, as its README shows it."""

from functools import partial

from django_eventstream import send_event

from bench.authors.posts import PostAuthor
from bench.served.site.eventstream_urls import CHANNEL


def author() -> PostAuthor:
    return PostAuthor(partial(send_event, CHANNEL, "message"))
