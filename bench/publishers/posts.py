"""Saves a `Post` and publishes it on commit, for all peers but Rill."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from bench.events import USER, text_of
from bench.publishers import OrmPublisher
from bench.servers.site.models import Post

Announce = Callable[[dict[str, Any]], None]


class PostPublisher(OrmPublisher):
    """announce: publishes one event."""

    def __init__(self, announce: Announce) -> None:
        self.user = User.objects.get_or_create(username=USER)[0]
        self.announce = announce

    def save(self, mark: int) -> None:
        post = Post.objects.create(user=self.user, text=text_of(mark))
        transaction.on_commit(partial(self.announce, post.event()))
