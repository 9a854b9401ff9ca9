"""Changes are loaded with their events, and each event is encoded once."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from feed import log
from feed.frames.describe import describe
from feed.frames.encoding import encode, encode_again, load
from feed.frames.formats import JsonFormat
from feed.models import Event, StatusChange

pytestmark = pytest.mark.django_db


def test_changes_are_loaded_with_the_current_state_of_their_events_in_two_queries(
    alice: User, django_assert_num_queries: Any
) -> None:
    statuses = [StatusChange.objects.create(user=alice, text=text) for text in "abc"]
    statuses[0].text = "A"
    statuses[0].save()
    statuses[1].delete()
    head = log.number().head
    changes = log.read(0, head)
    with django_assert_num_queries(2):
        entries = load(changes)
        for each in entries:
            encode(each, ["json"])
    states = [(each.action, json.loads(each.encoded["json"] or "{}").get("text")) for each in entries]
    assert states == [
        ("created", None),  # the welcome
        ("created", "A"),
        ("deleted", None),  # by now
        ("created", "c"),
        ("updated", "A"),
        ("deleted", None),
    ]


def test_events_that_were_read_ahead_are_not_read_again(alice: User, django_assert_num_queries: Any) -> None:
    before = log.number().head
    posts = [StatusChange.objects.create(user=alice, text=text) for text in "abc"]
    changes = log.read(before, log.number().head)
    with django_assert_num_queries(1):
        entries = load(changes, posts[:2])
        assert [describe(each.event)["text"] for each in entries if each.event] == ["a", "b", "c"]
    with django_assert_num_queries(0):
        assert [each.event for each in load(changes, posts)] == posts


def test_an_event_with_several_changes_is_encoded_once(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []

    def count(form: JsonFormat, event: Event) -> str:
        encoded.append(event.pk)
        return "{}"

    monkeypatch.setattr(JsonFormat, "event", count)
    status = StatusChange(user=alice, text="Hello")
    for _ in range(3):
        status.save()
    other = StatusChange.objects.create(user=alice, text="Another")
    for each in load(log.read(0, log.number().head)):
        encode(each, ["json"])
    assert [pk for pk in encoded if pk in {status.pk, other.pk}] == [status.pk, other.pk]


def test_an_event_that_cannot_be_described_is_shown_in_its_simplest_form(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    StatusChange.objects.create(user=alice, text="bad")
    StatusChange.objects.create(user=alice, text="good")

    def fail_for_bad(event: Event) -> str:
        if getattr(event, "text", "") == "bad":
            raise ZeroDivisionError
        return "/somewhere/"

    monkeypatch.setattr(StatusChange, "get_absolute_url", fail_for_bad)
    entries = load(log.read(0, log.number().head))
    for each in entries:
        encode(each, ["json", "html"])
    shown = [json.loads(each.encoded["json"] or "") for each in entries]
    assert [(event["summary"], event.get("text")) for event in shown] == [
        ("alice has joined", None),
        ("alice: bad", None),
        ("alice: good", "good"),
    ]
    assert all(f'id="event-{each.event_id}"' in (each.encoded["html"] or "") for each in entries)
    assert "Failed to describe" in caplog.text


def test_an_event_that_is_encoded_again_is_in_the_same_state_in_all_formats(alice: User) -> None:
    """Or a text from the time when the event was private would be shown to all once it is public again."""
    status = StatusChange.objects.create(user=alice, text="For alice", audience="only:alice")
    entry = load(log.read(0, log.number().head))[-1]
    encode(entry, ["json"])
    status.text, status.audience = "For all", "public"
    status.save()
    (again,) = encode_again([entry], ["json", "html"])
    assert (entry.shown_to, again.shown_to) == ("only:alice", "public")
    assert all("For all" in (again.encoded[name] or "") for name in ("json", "html"))
    assert "For alice" in (entry.encoded["json"] or "")
