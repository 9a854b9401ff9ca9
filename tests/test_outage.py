"""Which errors count as an outage of the database, and the error pages that need no database."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import resolve
from pytest_django import Settings

from feed import log
from feed.kinds.guard import is_outage
from feed.models import StatusChange
from feed.outage import unavailable, wants_json

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@contextmanager
def refusing_to_write() -> Iterator[None]:
    sqlite = connection.vendor == "sqlite"
    with transaction.atomic():
        run("PRAGMA query_only = ON" if sqlite else "SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if sqlite:
                run("PRAGMA query_only = OFF")
            transaction.set_rollback(True)  # on PostgreSQL this also ends the read-only mode


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_database_that_refuses_to_write_is_an_outage(alice: User, as_alice: Client) -> None:
    as_alice.raise_request_exception = False
    assert as_alice.post("/events/", {"text": "before"}).status_code == 302
    with refusing_to_write():
        assert as_alice.post("/events/", {"text": "lost"}).status_code == 503
    assert StatusChange.objects.get().text == "before"


def test_a_session_that_can_not_be_saved_is_an_outage_and_not_a_client_error(client: Client, alice: User) -> None:
    """Middleware saves the session after the view."""
    outage = ExitStack()

    def refuse(**kwargs: Any) -> None:
        outage.enter_context(refusing_to_write())

    alice.set_password("correct horse")
    alice.save()
    user_logged_in.connect(refuse)
    try:
        with outage:
            response = client.post("/accounts/login/", {"username": "alice", "password": "correct horse"})
    finally:
        user_logged_in.disconnect(refuse)
    assert response.status_code == 503
    assert client.get("/profile/").status_code == 302


INVALID_STATEMENTS = [
    "SELECT * FROM nowhere",
    "SELECT nothing FROM feed_log",
    "nonsense",
    "INSERT INTO feed_log (id) VALUES (1)",
]


@pytest.mark.parametrize("statement", INVALID_STATEMENTS)
def test_an_invalid_statement_is_not_an_outage(client: Client, monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    def run_invalid_statement() -> log.State:
        with transaction.atomic():
            run(statement)
        raise AssertionError

    with pytest.raises(DatabaseError) as raised:
        run_invalid_statement()
    assert not is_outage(raised.value)
    client.raise_request_exception = False
    monkeypatch.setattr(log, "state", run_invalid_statement)
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


@pytest.mark.postgresql
def test_a_statement_in_a_broken_transaction_is_not_an_outage() -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        with pytest.raises(DatabaseError):
            run("nonsense")
        run("SELECT 1")
    assert not is_outage(raised.value)


def test_other_errors_are_not_an_outage() -> None:
    assert not is_outage(None)
    assert not is_outage(RuntimeError())


@pytest.mark.parametrize(
    ("path", "accept", "json"),
    [
        ("/events/", "text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("/events/", "*/*", False),
        ("/events/", "", False),
        ("/events/", "application/json", True),
        ("/events/", "application/json, text/html;q=0.5", True),
        ("/api/events/", "*/*", True),
        ("/api/events/", "text/html", True),
    ],
)
def test_programs_get_json_and_browsers_get_html(path: str, accept: str, json: bool) -> None:
    request = RequestFactory().get(path, headers={"Accept": accept} if accept else {})
    assert wants_json(request) is json


@pytest.fixture
def anybodys_project(settings: Settings) -> None:
    """A project without our error handlers."""
    settings.ROOT_URLCONF = "tests.adopters.foreign.urls"
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]


def refuse() -> NoReturn:
    raise OperationalError("disk I/O error")


@pytest.mark.usefixtures("anybodys_project")
def test_the_views_answer_503_by_themselves(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log, "state", refuse)
    page = client.get("/activity/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "may not have been saved" in page.content.decode()
    assert client.get("/activity/", headers={"Accept": "application/json"}).json()["code"] == "unavailable"
    snapshot = client.get("/api/events/")
    assert (snapshot.status_code, snapshot.json()["code"]) == (503, "unavailable")
    assert {record.exc_info for record in caplog.records} == {None}
    assert caplog.messages[0] == "Service Unavailable: /activity/ (disk I/O error)"


@pytest.mark.usefixtures("anybodys_project")
def test_other_errors_of_the_views_are_left_to_the_project(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise DatabaseError("a bug")

    monkeypatch.setattr(log, "state", fail)
    for path in ("/activity/", "/api/events/"):
        with pytest.raises(DatabaseError, match="a bug"):
            client.get(path)


def test_a_view_is_not_in_the_transaction_of_its_request() -> None:
    """Or its commit could fail after the response."""
    for path in ("/", "/events/", "/events/1/", "/events/1/edit/", "/people/alice/", "/profile/", "/accounts/login/"):
        assert "default" in vars(resolve(path).func)["_non_atomic_requests"], path


def test_error_pages_need_no_database(client: Client, django_assert_num_queries: Any) -> None:
    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        shown = unavailable(request, OperationalError("disk I/O error")).content.decode()
    assert "may not have been saved" in shown
    assert "Log in" not in shown  # without the database nobody knows who is logged in
