"""The events of the benchmarks have the same fields and the same size for every server."""

import json

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from bench import events
from feed.frames.formats import FORMATS
from feed.models import StatusChange

pytestmark = pytest.mark.django_db


def event_of_rill(mark: int) -> str:
    """The JSON of an event that Rill saves and sends."""
    user, _ = User.objects.get_or_create(username=events.USER)
    return FORMATS["json"].event(StatusChange.objects.create(user=user, text=events.text_of(mark)))


def event_of_others(mark: int) -> bytes:
    """The JSON of an event that the other servers send."""
    created_at = timezone.now().isoformat().replace("+00:00", "Z")
    return events.encode(events.describe(1, events.text_of(mark), created_at))


def test_every_server_sends_an_event_with_the_same_fields() -> None:
    one, other = json.loads(event_of_rill(7)), json.loads(event_of_others(7))
    assert one.keys() == other.keys()
    for name in ("text", "kind", "user", "summary", "edited_at"):
        assert one[name] == other[name]


@pytest.mark.parametrize("mark", [0, 9_999_999])
def test_every_server_sends_an_event_of_the_agreed_size(mark: int) -> None:
    assert abs(len(event_of_rill(mark)) - events.SIZE) <= 10
    assert abs(len(event_of_others(mark)) - events.SIZE) <= 10


def test_a_text_begins_with_its_mark() -> None:
    assert events.text_of(123).startswith("~~0000123 ")
