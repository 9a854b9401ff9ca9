"""Events as JSON."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from feed.frames.formats import FORMATS
from feed.models import Comment, Event, StatusChange
from tests.support.kinds import Deploy, Slogan

pytestmark = pytest.mark.django_db


def as_json(event: Event) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(FORMATS["json"].event(event))
    return decoded


def test_an_event_has_the_documented_fields(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text='Hello "you"')
    comment = as_json(Comment.objects.create(user=alice, thread=status, text="Hi!"))
    assert comment.pop("created_at").endswith("Z")
    assert comment == {
        "id": status.pk + 1,
        "kind": "comment",
        "user": "alice",
        "summary": f"alice on #{status.pk}: Hi!",
        "url": f"/events/{status.pk + 1}/",
        "audience": "public",
        "edited_at": None,
        "text": "Hi!",
        "thread": status.pk,
        "reply_to": None,
    }


def test_fields_of_any_type_become_json(alice: User) -> None:
    deploy = Deploy.objects.create(user=alice, service="web", cost=Decimal("1.50"), details={"a": [1, None]})
    described = as_json(deploy)
    assert described["service"] == "web"
    assert described["cost"] == "1.50"
    assert described["details"] == {"a": [1, None]}
    assert described["took"] is None


@pytest.mark.parametrize("use_tz", [True, False])
def test_times_are_in_utc_in_every_time_zone_of_the_site(alice: User, settings: Settings, use_tz: bool) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Kolkata"
    at = datetime(2026, 11, 26, 12, 30, 0, 500_000, tzinfo=UTC)
    local = at if use_tz else at.astimezone(ZoneInfo("Asia/Kolkata")).replace(tzinfo=None)
    described = as_json(StatusChange(id=1, user=alice, kind="status_change", created_at=local, edited_at=local))
    assert (described["created_at"], described["edited_at"]) == ("2026-11-26T12:30:00.500000Z",) * 2
    slogan = as_json(Slogan(id=1, user=alice, kind="slogan", created_at=local, shown_at=local))
    assert slogan["shown_at"] == "2026-11-26T12:30:00.500000Z"
