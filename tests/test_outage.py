"""Which errors count as an outage of the database, and the error pages that need no database."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client, RequestFactory

from feed import log
from feed.kinds.guard import is_outage
from feed.models import StatusChange
from feed.outage import unavailable, wants_json

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("fast_hasher")]


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


def test_error_pages_need_no_database(client: Client, django_assert_num_queries: Any) -> None:
    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        shown = unavailable(request, OperationalError("disk I/O error")).content.decode()
    assert "may not have been saved" in shown
    assert "Log in" not in shown  # without the database nobody knows who is logged in
