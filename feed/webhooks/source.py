"""Makes a handler of each webhook."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.models.signals import post_delete, post_save

from feed import log, streams
from feed.handler_tables import HandlerCursor, Webhook
from feed.handlers import cursors, registry
from feed.handlers.registry import Handler
from feed.streams.stream import STREAMS
from feed.webhooks.delivering import deliver

TRIES = 30
"""How often a change is tried before the next one is sent: for most of a day."""


def connect() -> None:
    registry.SOURCES.append(handlers)
    post_save.connect(start, sender=Webhook)
    post_delete.connect(forget, sender=Webhook)


def handlers() -> Iterable[Handler]:
    return [handler_of(webhook) for webhook in Webhook.objects.filter(is_active=True)]


def handler_of(webhook: Webhook) -> Handler:
    names = frozenset(webhook.streams.split())
    # The receiver sees what is public, and what is meant for the audiences that staff have named.
    audiences = streams.ONLY_PUBLIC | {name for name in names if is_audience(name)}
    return Handler(
        webhook.handler_name,
        names,
        partial(deliver, webhook),
        audiences=audiences,
        in_order=True,
        tries=TRIES,
        is_outside=True,
    )


def is_audience(name: str) -> bool:
    """Whether it is the name of an audience. It may be of a class that doesn't exist any more."""
    return isinstance(STREAMS.get(name.partition(":")[0]), streams.Audience)


def start(sender: type, instance: Webhook, created: bool, raw: bool, **kwargs: Any) -> None:
    """Begin with what comes after it was made, and not when handlers run the next time."""
    if created and not raw:
        cursors.found_or_started(handler_of(instance), log.state())


def forget(sender: type, instance: Webhook, **kwargs: Any) -> None:
    HandlerCursor.objects.filter(name=instance.handler_name).delete()
