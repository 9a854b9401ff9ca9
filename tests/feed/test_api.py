"""The API for programs, and the health checks."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from feed import log
from feed.models import Comment, StatusChange

pytestmark = pytest.mark.django_db


def snapshot_of(client: Client, query: str = "") -> dict[str, Any]:
    response = client.get(f"/api/events/{query}")
    assert response.status_code == 200, response.content
    loaded: dict[str, Any] = response.json()
    return loaded


def texts(snapshot: dict[str, Any]) -> list[str]:
    return [event["text"] for event in snapshot["events"] if "text" in event]


def test_a_snapshot_has_the_newest_events_and_the_cursor_to_follow_from(client: Client, alice: User) -> None:
    StatusChange.objects.create(user=alice, text="a")
    state = log.number()
    StatusChange.objects.create(user=alice, text="b")
    snapshot = snapshot_of(client)
    assert texts(snapshot) == ["b", "a"]
    assert (snapshot["log"], snapshot["position"], snapshot["next"]) == (state.epoch, state.head, None)


def test_an_event_has_the_same_fields_as_on_the_websocket(client: Client, alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    event = snapshot_of(client)["events"][0]
    assert event.pop("created_at").endswith("Z")
    assert event == {
        "id": status.pk,
        "kind": "status_change",
        "user": "alice",
        "summary": "alice: Hello",
        "url": f"/events/{status.pk}/",
        "audience": "public",
        "edited_at": None,
        "text": "Hello",
    }


def test_following_next_returns_each_event_once(client: Client, alice: User) -> None:
    for number in range(7):
        StatusChange.objects.create(user=alice, text=str(number))
    found: list[str] = []
    url: str | None = "/api/events/?limit=3&stream=kind:status_change"
    while url:
        snapshot = client.get(url).json()
        assert len(snapshot["events"]) <= 3
        found += texts(snapshot)
        url = snapshot["next"]
    assert found == ["6", "5", "4", "3", "2", "1", "0"]


def test_the_streams_are_those_of_the_websocket(client: Client, alice: User) -> None:
    bob = User.objects.create_user("bob")
    status = StatusChange.objects.create(user=alice, text="Hello")
    StatusChange.objects.create(user=alice, text="Other")
    Comment.objects.create(user=bob, thread=status, text="Hi!")
    assert texts(snapshot_of(client, f"?stream=thread:{status.pk}")) == ["Hi!", "Hello"]
    assert texts(snapshot_of(client, "?stream=user:bob")) == ["Hi!"]
    assert texts(snapshot_of(client, "?stream=user:bob&stream=kind:status_change")) == ["Hi!", "Other", "Hello"]


def test_the_number_of_queries_is_constant(client: Client, alice: User, django_assert_num_queries: Any) -> None:
    for number in range(20):
        status = StatusChange.objects.create(user=User.objects.create_user(f"user{number}"), text="Hello")
        Comment.objects.create(user=alice, thread=status, text="Hi!")
    log.number()
    with django_assert_num_queries(5):  # the log, the events, and their three kinds
        assert len(snapshot_of(client)["events"]) == 50


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?stream=nothing", 404, "unknown_stream"),
        ("?stream=user:nobody", 404, "unknown_stream"),
        ("?before=x", 422, "bad_request"),
        ("?before=0", 422, "bad_request"),
        ("?before=99999999999999999999", 422, "bad_request"),
        ("?limit=0", 422, "bad_request"),
        ("?limit=1000", 422, "bad_request"),
        ("?" + "&".join(f"stream=user:{number}" for number in range(101)), 429, "too_many_streams"),
    ],
)
def test_a_refused_request_says_why(client: Client, query: str, status: int, code: str) -> None:
    response = client.get(f"/api/events/{query}")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["message"]


def test_the_cursor_is_read_before_the_events(client: Client, posted_in_between: int) -> None:
    snapshot = snapshot_of(client)
    assert (snapshot["position"], texts(snapshot)) == (posted_in_between, ["in between"])


def test_the_api_has_an_openapi_description(client: Client) -> None:
    schema = client.get("/api/openapi.json").json()
    assert "/api/events/" in schema["paths"]


def test_a_working_process_is_alive_and_ready(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "database": {"ok": True, "position": 0, "waiting": False},
        "doorbell": {"ok": True},
        "hub": {"ok": True, "following": False},
    }


def test_a_process_without_its_database_is_alive_but_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> log.State:
        raise OperationalError("unreachable")

    monkeypatch.setattr(log, "state", unreachable)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == {"ok": False, "reason": "OperationalError"}
    assert client.get("/healthz").status_code == 200


def test_health_checks_work_without_a_transaction_despite_atomic_requests(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/healthz").status_code == 200
    assert not queries.captured_queries
    assert client.get("/readyz").status_code == 200


def test_snapshots_are_rate_limited_by_address(client: Client, alice: User, settings: Settings) -> None:
    settings.FEED_READ_LIMIT = "5/minute"
    assert [client.get("/api/events/").status_code for _ in range(3)] == [200] * 3
    many = "?" + "&".join(f"stream=thread:{number}" for number in range(1, 31))
    refused = client.get(f"/api/events/{many}")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(refused["Retry-After"]) <= 61
    assert [client.get("/api/events/").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/api/events/", REMOTE_ADDR="192.0.2.1").status_code == 200
    assert client.get("/").status_code == 200
