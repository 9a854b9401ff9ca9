"""Frames: what of the changes in an interval is shown, and how it is written."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from websockets import State
from websockets import frames as websocket
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from feed import log
from feed.frames.describe import describe
from feed.frames.encoding import encode, load
from feed.frames.entries import Entry
from feed.frames.formats import FORMATS, Frame, JsonFormat, changes_frame, compact
from feed.models import Comment, Event, StatusChange
from feed.refusals import Refusal
from tests.support.kinds import Deploy, Slogan


def entry(position: int, action: str, event_id: int = 1) -> Entry:
    encoded: dict[str, str | None] = {
        "json": f'{{"id":{event_id}}}',
        "html": f'<article id="event-{event_id}"></article>',
    }
    return Entry(position, action, event_id, "event", frozenset(["public"]), None, encoded)


def shown(*actions: str) -> list[tuple[int, str]]:
    entries = [entry(position, action) for position, action in enumerate(actions, start=1)]
    return [(kept.position, action) for kept, action in compact(entries)]


def test_of_several_changes_of_one_event_the_last_stands_at_its_position() -> None:
    assert shown("updated", "updated") == [(2, "updated")]
    assert shown("updated", "deleted") == [(2, "deleted")]


def test_created_then_updated_is_created() -> None:
    assert shown("created", "updated") == [(2, "created")]
    assert shown("created", "updated", "updated") == [(3, "created")]


def test_created_then_deleted_is_deleted() -> None:
    assert shown("created", "deleted") == [(2, "deleted")]
    assert shown("created", "updated", "deleted") == [(3, "deleted")]


def test_the_kept_changes_stay_in_the_order_of_their_positions() -> None:
    entries = [entry(1, "created", 1), entry(2, "created", 2), entry(3, "updated", 1), entry(4, "created", 3)]
    assert [(kept.position, kept.event_id) for kept, _ in compact(entries)] == [(2, 2), (3, 1), (4, 3)]


def test_a_frame_for_programs_is_one_json_object() -> None:
    frame = changes_frame("json", "k3x9", 41, 44, [entry(42, "created", 17), entry(44, "deleted", 12)])
    assert json.loads(frame.text) == {
        "type": "changes",
        "log": "k3x9",
        "after": 41,
        "position": 44,
        "changes": [
            {"position": 42, "action": "created", "event": {"id": 17}},
            {"position": 44, "action": "deleted", "event": {"id": 12, "kind": "event"}},
        ],
    }


def test_a_frame_for_pages_ends_with_the_cursor() -> None:
    frame = changes_frame(
        "html", "k3x9", 41, 44, [entry(42, "created", 17), entry(43, "updated", 3), entry(44, "deleted", 12)]
    ).text
    cursor = '<input type="hidden" id="cursor" name="after" value="44" hx-swap-oob="true">'
    assert frame.endswith(cursor)
    assert '<div id="event-17" hx-swap-oob="delete"></div>' in frame  # an upsert
    assert 'hx-target="#event-3" hx-swap="outerMorph"><article id="event-3">' in frame
    assert '<hx-partial hx-target="#event-12" hx-swap="delete"></hx-partial>' in frame
    assert changes_frame("html", "k3x9", 44, 44, []).text.count("<") == 1


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_a_frame_is_a_websocket_message_that_any_client_reads(length: int) -> None:
    text = "x" * (length - 2) + "é" if length else ""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(Frame(text).message)
    (received,) = client.events_received()
    assert isinstance(received, websocket.Frame)
    assert (received.opcode, received.fin, bytes(received.data).decode()) == (websocket.Opcode.TEXT, True, text)


def test_the_message_of_a_frame_is_made_once() -> None:
    frame = Frame("Hello")
    assert frame.message is frame.message


def test_resets_and_errors_for_programs() -> None:
    assert json.loads(FORMATS["json"].reset("k3x9", 60, "expired")) == {
        "type": "reset",
        "log": "k3x9",
        "position": 60,
        "reason": "expired",
    }
    assert json.loads(FORMATS["json"].error(Refusal("unknown_stream", 'No "x"', 4404))) == {
        "type": "error",
        "code": "unknown_stream",
        "message": 'No "x"',
    }


def test_an_error_for_pages_is_escaped() -> None:
    assert "<script>" not in FORMATS["html"].error(Refusal("unknown_stream", "No <script>", 4404))


def as_json(event: Event) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(FORMATS["json"].event(event))
    return decoded


@pytest.mark.django_db
def test_an_event_has_the_fields_that_are_promised(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text='Hello "you"')
    comment = as_json(Comment.objects.create(user=alice, thread=status, text="Hi!"))
    assert comment.pop("created_at").endswith("Z")
    assert comment == {
        "id": status.pk + 1,
        "kind": "comment",
        "user": "alice",
        "summary": f"alice on #{status.pk}: Hi!",
        "url": f"/events/{status.pk + 1}/",
        "edited_at": None,
        "text": "Hi!",
        "thread": status.pk,
    }


@pytest.mark.django_db
def test_fields_of_any_type_become_json(alice: User) -> None:
    deploy = Deploy.objects.create(user=alice, service="web", cost=Decimal("1.50"), details={"a": [1, None]})
    described = as_json(deploy)
    assert described["service"] == "web"
    assert described["cost"] == "1.50"
    assert described["details"] == {"a": [1, None]}
    assert described["took"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("use_tz", [True, False])
def test_times_are_in_utc_whatever_the_site_is_set_to(alice: User, settings: Settings, use_tz: bool) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Kolkata"
    at = datetime(2026, 11, 26, 12, 30, 0, 500_000, tzinfo=UTC)
    local = at if use_tz else at.astimezone(ZoneInfo("Asia/Kolkata")).replace(tzinfo=None)
    described = as_json(StatusChange(id=1, user=alice, kind="status_change", created_at=local, edited_at=local))
    assert (described["created_at"], described["edited_at"]) == ("2026-11-26T12:30:00.500000Z",) * 2
    slogan = as_json(Slogan(id=1, user=alice, kind="slogan", created_at=local, shown_at=local))
    assert slogan["shown_at"] == "2026-11-26T12:30:00.500000Z"


@pytest.mark.django_db
def test_a_kind_without_a_template_shows_its_summary(alice: User) -> None:
    row = FORMATS["html"].event(Deploy.objects.create(user=alice, service="<b>web</b>"))
    assert "deploy, service &lt;b&gt;web&lt;/b&gt;" in row


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["status_change", "comment", "welcome", "deploy"])
def test_every_row_is_one_article_with_the_id_of_its_event(alice: User, kind: str) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    Deploy.objects.create(user=alice, service="web")
    event = Event.objects.get(kind=kind)
    row = FORMATS["html"].event(event).strip()
    assert row.startswith("<article")
    assert row.endswith("</article>")
    assert f'id="event-{event.pk}"' in row.partition(">")[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<hx-partial hx-target=body>", '"><img src=x onerror=alert(1)>']
)
def test_what_users_write_is_escaped(alice: User, text: str) -> None:
    row = FORMATS["html"].event(StatusChange.objects.create(user=alice, text=text))
    assert text not in row
    assert not any(tag in row for tag in ("<script", "<hx-", "<img"))


@pytest.mark.django_db
def test_changes_are_loaded_with_the_present_state_in_a_constant_number_of_queries(
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
        ("deleted", None),  # it is gone by now
        ("created", "c"),
        ("updated", "A"),
        ("deleted", None),
    ]


@pytest.mark.django_db
def test_what_has_been_read_already_is_not_read_again(alice: User, django_assert_num_queries: Any) -> None:
    before = log.number().head
    posts = [StatusChange.objects.create(user=alice, text=text) for text in "abc"]
    changes = log.read(before, log.number().head)
    with django_assert_num_queries(1):
        entries = load(changes, posts[:2])
        assert [describe(each.event)["text"] for each in entries if each.event] == ["a", "b", "c"]
    with django_assert_num_queries(0):
        assert [each.event for each in load(changes, posts)] == posts


@pytest.mark.django_db
def test_an_event_is_encoded_once_however_often_it_has_changed(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []

    def counted(form: JsonFormat, event: Event) -> str:
        encoded.append(event.pk)
        return "{}"

    monkeypatch.setattr(JsonFormat, "event", counted)
    status = StatusChange(user=alice, text="Hello")
    for _ in range(3):
        status.save()
    other = StatusChange.objects.create(user=alice, text="Another")
    for each in load(log.read(0, log.number().head)):
        encode(each, ["json"])
    assert [pk for pk in encoded if pk in {status.pk, other.pk}] == [status.pk, other.pk]


@pytest.mark.django_db
def test_an_event_that_can_not_be_shown_has_its_simplest_form_and_the_rest_goes_on(
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
