"""When a token was last used is written rarely, and never costs a request."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feed import log
from feed.tokens import Token, authenticate
from feed.tokens.last_use import _tried, note_use
from tests.support.tokens import bearer, issue

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@contextmanager
def read_only() -> Iterator[None]:
    """The database refuses writes, as a standby does."""
    is_sqlite = connection.vendor == "sqlite"
    with transaction.atomic(), connection.cursor() as cursor:  # on PostgreSQL it lasts as long as the savepoint
        cursor.execute("PRAGMA query_only = ON" if is_sqlite else "SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if is_sqlite:
                cursor.execute("PRAGMA query_only = OFF")


def writes_of(secret: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert authenticate(f"Bearer {secret}")
    return sum(query["sql"].startswith("UPDATE") for query in queries.captured_queries)


def used_at_age(age: timedelta) -> None:
    Token.objects.update(last_used_at=timezone.now() - age)


def test_the_first_use_is_written_and_the_next_ones_are_not(alice: User) -> None:
    secret = issue(alice)
    assert Token.objects.get().last_used_at is None
    assert [writes_of(secret) for _ in range(3)] == [1, 0, 0]
    used = Token.objects.get().last_used_at
    assert used
    assert timezone.now() - used < timedelta(minutes=1)


def test_it_is_written_again_after_a_minute(alice: User) -> None:
    secret = issue(alice)
    used_at_age(timedelta(seconds=55))
    assert writes_of(secret) == 0
    used_at_age(timedelta(seconds=65))
    assert writes_of(secret) == 1
    used = Token.objects.get().last_used_at
    assert used
    assert timezone.now() - used < timedelta(minutes=1)


def test_a_later_use_that_another_process_has_written_stays(alice: User) -> None:
    issue(alice)
    stale = Token.objects.get()
    used_at_age(timedelta(seconds=1))
    before = Token.objects.get().last_used_at
    note_use([stale])
    assert Token.objects.get().last_used_at == before


def test_a_database_that_takes_no_writes_refuses_no_token(alice: User) -> None:
    secret = issue(alice)
    log.number()  # nothing is left to number
    with read_only():
        assert authenticate(f"Bearer {secret}")
        assert Client().get("/api/events/", headers=bearer(secret)).status_code == 200
    assert Token.objects.get().last_used_at is None


@pytest.mark.django_db(transaction=True)
def test_a_use_does_not_wait_for_another_writer(alice: User) -> None:
    """SQLite has one writer at a time, and a save waits for it as long as the settings say."""
    if connection.vendor != "sqlite":
        pytest.skip("other databases lock rows")
    secret = issue(alice)
    patience = busy_timeout()
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert authenticate(f"Bearer {secret}")
        assert time.monotonic() - began < patience / 1000 / 4
    assert Token.objects.get().last_used_at is None
    assert busy_timeout() == patience


def busy_timeout() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA busy_timeout").fetchone()[0])


def test_it_is_not_tried_at_each_request_but_again_after_a_while(alice: User) -> None:
    secret = issue(alice)
    with read_only():
        assert writes_of(secret) == 1
        assert [writes_of(secret) for _ in range(3)] == [0, 0, 0]
        _tried.expire(_tried.timer() + 61)
        assert writes_of(secret) == 1
