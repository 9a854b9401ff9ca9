"""The recorded changes, and an event of each kind to record."""

from datetime import date
from typing import Any

import pytest

from feed.log import Change
from feed.models import Event, StatusChange
from tests.support.kinds import Announcement, Deploy, Shout, Temperature


def forget_changes() -> None:
    Change.objects.all().delete()


def changes() -> list[tuple[str, int, str]]:
    """All recorded changes, oldest first: action, event id, kind."""
    return list(Change.objects.order_by("id").values_list("action", "event_id", "kind"))


KINDS: list[tuple[type[Event], dict[str, Any], str]] = [
    (StatusChange, {"text": "Hello"}, "status_change"),
    (Announcement, {"text": "Hello", "until": date(2030, 1, 1)}, "announcement"),
    (Shout, {"text": "HELLO"}, "status_change"),
    (Temperature, {"value": 21.5}, "temperature"),
    (Deploy, {"service": "web"}, "deploy"),
    (Event, {}, "event"),
]
every_kind = pytest.mark.parametrize(("kind", "fields", "name"), KINDS, ids=[kind.__name__ for kind, _, _ in KINDS])
