"""Fixtures for all tests: people, and real servers of each kind.

If a server isn't installed, the tests that need it are skipped. In CI they fail.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from types import FrameType
from typing import Any, NoReturn

import pytest
from channels.layers import channel_layers
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from feed.admin import register_kinds
from feed.frames import at_state, row_cache
from feed.kinds.guard import forget_reports
from feed.models import StatusChange
from feed.presence.watching import newest
from feed.ratelimit.storage import storage
from feed.streams.stream import STREAMS
from tests.support import services
from tests.support.audiences import TEAMS
from tests.support.databases import migrate, new_database
from tests.support.kinds import KINDS_WITH_TABLES
from tests.support.scheduling import ByFile
from tests.support.servers import Server
from tests.support.shop import SHOP

pytest_plugins = ["feed.pytest_plugin"]
PLAIN_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"


def pytest_configure(config: pytest.Config) -> None:
    # Otherwise SIGTERM would end pytest without stopping its servers.
    signal.signal(signal.SIGTERM, exit_on_sigterm)
    # A shell starts background jobs with SIGINT ignored, and the servers would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The names of static files have no hash, whether or not a server of a test has collected them.
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN_STORAGE}}
    # Static files are found when they are asked for: each new client would list them all, slower than a page is made.
    settings.WHITENOISE_AUTOREFRESH = True
    # The default is slow by design.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def exit_on_sigterm(number: int, frame: FrameType | None) -> NoReturn:
    pytest.exit("terminated", returncode=128 + number)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite, deselect the tests that need PostgreSQL as Django's own database: script/test runs them separately."""
    if connection.vendor == "sqlite":
        postgresql_only = [item for item in items if item.get_closest_marker("postgresql")]
        config.hook.pytest_deselected(items=postgresql_only)
        items[:] = [item for item in items if item not in postgresql_only]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def running(start: Callable[[], AbstractContextManager[services.Service]]) -> Iterator[str]:
    """The URL of a server that runs until the tests of this worker are done."""
    try:
        with start() as service:
            yield service.url
    except FileNotFoundError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, with tables for the kinds and other models that only the tests have."""
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        for model in [*KINDS_WITH_TABLES, *SHOP]:
            editor.create_model(model)
        migrated = [list(model.objects.all()) for model in (ContentType, Permission)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", partial(put_back, migrated))
        yield
    with django_db_blocker.unblock():
        end_other_sessions()


def put_back(migrated: list[list[Any]], verbosity: int, interactive: bool, using: str) -> None:
    """After a flush: the rows that `migrate` had made. To find them out again takes longer than most tests."""
    for rows in migrated:
        type(rows[0]).objects.using(using).bulk_create(rows)


def end_other_sessions() -> None:
    """PostgreSQL drops no database while a thread that outlives its test is connected."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def admin_of_test_kinds() -> None:
    """Before the first test, with or without a database, resolves a URL: Django reads those of the admin once."""
    register_kinds()


@pytest.fixture(autouse=True)
def strict(settings: Settings) -> None:
    """An error must fail the test, and not only be logged."""
    settings.FEED_STRICT = True


@pytest.fixture
def lenient(strict: None, settings: Settings) -> None:
    """As in production: an error of the feed fails no save of another model."""
    settings.FEED_STRICT = False


@pytest.fixture(autouse=True)
def reset_process_state() -> None:
    """Tests share users, addresses and kinds, so they would share rate limits, reported errors and cached rows.

    A cached content type may be of a row that an earlier test has rolled back. The channels of earlier tests, which
    nobody reads any more, would fill up, and slow down the doorbell.
    """
    channel_layers.backends.clear()
    storage.forget()
    forget_reports()
    row_cache.forget()
    newest.forget()
    at_state.forget()
    ContentType.objects.clear_cache()


@pytest.fixture
def alice(db: None) -> User:
    """Alice, whose welcome is recorded."""
    return User.objects.create_user("alice")


@pytest.fixture
def hello(alice: User) -> StatusChange:
    """Alice's status "Hello"."""
    status: StatusChange = StatusChange.objects.create(user=alice, text="Hello")
    return status


@pytest.fixture
def as_alice(alice: User) -> Client:
    return logged_in(alice)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def carol(db: None) -> User:
    return User.objects.create_user("carol")


@pytest.fixture
def as_bob(bob: User) -> Client:
    return logged_in(bob)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The superuser's URL of the PostgreSQL server that script/test started for all workers, or of this worker's own.

    Each test has its own database in it.
    """
    if url := os.environ.get("TEST_POSTGRESQL_URL"):
        yield url
    else:
        yield from running(services.postgresql)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of this worker's own Redis. Tests empty it and count its keys.

    A test that kills or freezes Redis starts another one with `services.redis()`.
    """
    yield from running(services.redis)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[str]:
    with new_database(postgresql_url) as url:
        migrate(url)
        yield url


@pytest.fixture
def postgresql_database(postgresql_url: str, migrated_postgresql: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database for this test alone."""
    with new_database(postgresql_url, template=migrated_postgresql) as url:
        yield url


@pytest.fixture
def server() -> Iterator[Server]:
    """Daphne on SQLite without Redis, as `script/server` starts it."""
    with Server() as server:
        yield server


@pytest.fixture
def teams(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audiences of tests/support/audiences.py exist."""
    for prefix, audience in TEAMS.items():
        monkeypatch.setitem(STREAMS, prefix, audience)
