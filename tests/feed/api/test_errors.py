"""Every error below /api/ is `{"code": …, "message": …}`: of an operation, of django-ninja, and of Django."""

from typing import Any, NoReturn

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from feed import log
from feed.api import events
from feed.models import StatusChange
from tests.conftest import logged_in
from tests.support.api import EVENTS, Program, path_of, refusal, status

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "path", ["/api/nowhere", "/api/nowhere/", "/api/events/x/", "/api/events/1/x", "/api/", "/api//"]
)
def test_a_path_where_nothing_is(client: Client, path: str, method: str) -> None:
    expected = (405, "method_not_allowed") if path == "/api/" and method != "get" else (404, "not_found")
    assert refusal(getattr(client, method)(path)) == expected


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (EVENTS, "GET, POST"),
        ("/api/events/1/", "DELETE, GET, PATCH"),
        ("/api/kinds/", "GET"),
        ("/api/streams/", "GET"),
        ("/api/tickets/", "POST"),
        ("/api/openapi.json", "GET, HEAD"),
        ("/api/docs", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_take(client: Client, path: str, allowed: str) -> None:
    response = client.put(path)
    assert refusal(response) == (405, "method_not_allowed")
    assert ", ".join(sorted(response.headers["Allow"].split(", "))) == allowed


def test_a_path_without_its_slash_leads_to_the_one_with_it(client: Client) -> None:
    response = client.get("/api/events?limit=1")
    assert (response.status_code, response.headers["Location"]) == (301, "/api/events/?limit=1")
    assert refusal(client.post("/api/events", status(), content_type="application/json")) == (404, "not_found")


@pytest.mark.parametrize("path", [EVENTS, "/api/kinds/", "/api/docs", "/api/openapi.json"])
def test_head_is_get_without_a_body(client: Client, path: str) -> None:
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"text=Hello", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        (b'{"kind": "status_change", "text": "Hello"}', "text/plain", (415, "unsupported_media_type")),
        (b"", "", (415, "unsupported_media_type")),
        (b"{", "application/json", (400, "bad_json")),
        (b"[]", "application/json", (400, "bad_json")),
        (b"\xff", "application/json", (400, "bad_json")),
        (b'{"kind": "status_change", "text": "\\ud800"}', "application/json", (400, "bad_json")),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json", (400, "bad_json")),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "application/json", (400, "bad_json")),
        (b'{"a":' + b"[" * 600 + b"]" * 600 + b"}", "application/json", (400, "bad_json")),
        (b'{"text": "' + b"x" * 70_000 + b'"}', "application/json", (413, "too_large")),
    ],
    ids=["form", "text", "empty", "half", "list", "bytes", "surrogate", "deep", "nested", "lists", "large"],
)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_body_that_can_not_be_read(
    alice: User, hello: StatusChange, method: str, body: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    program = Program(alice)
    path = EVENTS if method == "post" else path_of(hello.pk)
    send = getattr(program.client, method)
    assert refusal(send(path, body, content_type=content_type, headers=program.headers)) == expected


def test_a_wrong_token_is_refused_on_every_path(client: Client) -> None:
    for path in (EVENTS, "/api/events/1/", "/api/nowhere", "/api/kinds/", "/api/openapi.json", "/api/docs"):
        response = client.get(path, headers={"Authorization": "Bearer wrong"})
        assert refusal(response) == (401, "bad_token")
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    def fail_with(error: Exception) -> Client:
        def fail(*arguments: object) -> NoReturn:
            raise error

        monkeypatch.setattr(log, "state", fail)
        return Client(raise_request_exception=False)

    return fail_with


def test_a_bug_is_an_error_in_the_same_shape_and_is_logged(failing: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert refusal(failing(RuntimeError("secret")).get(EVENTS)) == (500, "server_error")
    (record,) = (each for each in caplog.records if each.name == "django.request")
    assert record.levelname == "ERROR"
    assert record.exc_info
    assert "secret" in str(record.exc_info[1])


def test_the_project_hears_of_a_bug(failing: Any) -> None:
    failing(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        Client().get(EVENTS)


@pytest.mark.parametrize("debug", [True, False])
def test_no_error_shows_the_code(failing: Any, settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    assert b"Traceback" not in failing(RuntimeError("secret")).get(EVENTS).content


def test_an_outage_is_503_with_a_time_to_come_back(failing: Any) -> None:
    response = failing(OperationalError("disk I/O error")).get(EVENTS)
    assert refusal(response) == (503, "unavailable")
    assert response.headers["Retry-After"] == "5"


def test_an_outage_while_a_program_writes(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> NoReturn:
        raise OperationalError("database is locked")

    monkeypatch.setattr(events, "present", fail)
    assert refusal(Program(alice).post(status())) == (503, "unavailable")
    assert not StatusChange.objects.exists()


def test_a_suspicious_request_is_400(failing: Any) -> None:
    assert refusal(failing(SuspiciousOperation("x")).get(EVENTS)) == (400, "bad_request")


def test_a_request_for_another_host_is_400_though_middleware_finds_it(client: Client) -> None:
    assert refusal(client.get(EVENTS, headers={"Host": "evil.example"})) == (400, "bad_request")
    assert client.get("/", headers={"Host": "evil.example"}).headers["Content-Type"].startswith("text/html")


def test_a_bug_of_middleware_is_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_response", fail)
    client = Client(raise_request_exception=False)
    assert refusal(client.get(EVENTS)) == (500, "server_error")
    assert client.get("/accounts/login/").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", [EVENTS, "/api/openapi.json", "/api/nowhere"])
def test_nothing_of_the_api_is_in_the_transaction_of_its_request(path: str) -> None:
    """Or its commit could fail after the response."""
    from django.urls import resolve  # noqa: PLC0415 (URLs are resolved in tests, not while they are collected)

    assert "default" in vars(resolve(path).func)["_non_atomic_requests"]


def test_a_project_without_our_error_handlers_gets_the_same(settings: Settings, alice: User) -> None:
    settings.ROOT_URLCONF = "tests.adopters.foreign.urls"
    client = logged_in(alice)
    assert refusal(client.get("/api/nowhere")) == (404, "not_found")
    assert refusal(client.put(EVENTS)) == (405, "method_not_allowed")
    assert client.post(EVENTS, status(), content_type="application/json").status_code == 201
