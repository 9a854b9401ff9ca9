"""A source and its copy in one database: what the source says is kept, then everything is deleted and copied back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from feed import log
from feed.frames.describe import as_json
from feed.mirror import copying
from feed.mirror.source import BEYOND, Page
from feed.mirror_table import Mirror
from feed.models import Event
from feed.testing import FeedWatcher
from tests.feed.recorded import forget_changes

Json = dict[str, Any]
URL = "https://rill.example/"


@dataclass
class Source:
    """What a source has said.

    events: its events, by id.
    """

    events: dict[int, Json]
    frames: list[Json]
    pages: list[Page]
    log: str


def events_here() -> dict[int, Json]:
    return {event.pk: json.loads(as_json(event)) for event in Event.objects.with_users().order_by("pk")}


def pages_of(client: Client, size: int) -> Iterator[Page]:
    address, high = f"/api/events/?limit={size}", BEYOND
    while address:
        snapshot = client.get(address).json()
        page = Page.of(snapshot, high)
        yield page
        address, high = snapshot["next"], page.low


Leave = Callable[..., Source]
Begin = Callable[[], Mirror]


@pytest.fixture
def leave(client: Client, feed_watcher: Callable[..., FeedWatcher]) -> Leave:
    """Keep what the source says of all that is here, and delete it."""

    def leave(size: int = 3) -> Source:
        frames = feed_watcher(after=0).frames()
        source = Source(events_here(), frames, list(pages_of(client, size)), log.state().epoch)
        User.objects.all().delete()
        Event.objects.all().delete()
        log.number()
        forget_changes()
        return source

    return leave


@pytest.fixture
def mirror(own_ids: None) -> Begin:
    """Begin a copy."""
    return lambda: copying.begun(URL, [], anew=False)


@pytest.fixture
def own_ids(db: None) -> Iterator[None]:
    """Hand out small ids again after the test. A rollback doesn't do that on PostgreSQL."""
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('feed_event', 'id'), 1000000, false)")
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'feed_event'")


def change(action: str, event: Json, position: int = 0) -> Json:
    return {"position": position, "action": action, "event": event}


def frame(mirror: Mirror, *changes: Json) -> Json:
    """The next frame of the source."""
    assert mirror.position is not None
    position = mirror.position + len(changes)
    numbered = [each | {"position": mirror.position + index} for index, each in enumerate(changes, 1)]
    interval = {"log": mirror.log, "after": mirror.position, "position": position}
    return {"type": "changes", **interval, "changes": numbered}


def copy_frames(mirror: Mirror, source: Source) -> None:
    copying.move(mirror, source.log, 0)
    for each in source.frames:
        copying.apply_frame(mirror, each)
