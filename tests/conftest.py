"""What all tests can ask for: people, and real servers of every kind.

A machine without one of them skips its tests by name; in CI, where nothing may be missing, they fail.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import FrameType
from typing import NoReturn

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from feed.admin import register_kinds
from feed.frames import row_cache
from feed.kinds.guard import forget_reports
from feed.ratelimit.storage import storage
from tests.support import services
from tests.support.databases import migrate, new_database
from tests.support.kinds import KINDS_WITH_TABLES
from tests.support.servers import Server


def pytest_configure(config: pytest.Config) -> None:
    # Without this a SIGTERM would end pytest alone, and leave its servers running.
    signal.signal(signal.SIGTERM, terminated)
    # A shell starts what runs in its background with Ctrl-C ignored, and the servers here would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def terminated(number: int, frame: FrameType | None) -> NoReturn:
    pytest.exit("terminated", returncode=128 + number)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, as they share servers; those of the scenarios are grouped already.

    What needs PostgreSQL as Django's own database is not even skipped on SQLite: script/test runs it there."""
    if connection.vendor == "sqlite":
        unfit = [item for item in items if item.get_closest_marker("postgresql")]
        config.hook.pytest_deselected(items=unfit)
        items[:] = [item for item in items if item not in unfit]
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def started(starter: Callable[[], AbstractContextManager[services.Service]]) -> Iterator[str]:
    """The URL of a server that runs as long as the tests of this worker."""
    try:
        with starter() as service:
            yield service.url
    except FileNotFoundError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database, with the tables of the kinds that only the tests have."""
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        for kind in KINDS_WITH_TABLES:
            editor.create_model(kind)
    register_kinds()


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Limits are of users and addresses, which are the same in every test. So are the errors of kinds."""
    storage.forget()
    forget_reports()
    row_cache.forget()


@pytest.fixture
def alice(db: None) -> User:
    """She is there already, and has been welcomed."""
    return User.objects.create_user("alice")


@pytest.fixture
def as_alice(alice: User) -> Client:
    return logged_in(alice)


@pytest.fixture
def as_bob(db: None) -> Client:
    return logged_in(User.objects.create_user("bob"))


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def hurried_hasher(settings: Settings) -> None:
    """For tests of passwords. The real one takes a good part of a second, by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The superuser's URL of the PostgreSQL that tests.support.services started around all tests, or of one of our own.

    All workers share it: each test has a database of its own in it.
    """
    if url := os.environ.get("TEST_POSTGRESQL_URL"):
        yield url
    else:
        yield from started(services.postgresql)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this worker alone: tests empty it, and count what is in it.

    A test that kills or freezes Redis takes its own from `services.redis()`.
    """
    yield from started(services.redis)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[str]:
    with new_database(postgresql_url) as url:
        migrate(url)
        yield url


@pytest.fixture
def postgresql_database(postgresql_url: str, migrated_postgresql: str) -> Iterator[str]:
    """The URL of a migrated database on PostgreSQL, for this test alone."""
    with new_database(postgresql_url, template=migrated_postgresql) as url:
        yield url


@pytest.fixture
def server() -> Iterator[Server]:
    """Daphne on SQLite, with nothing else: what `script/server` gives."""
    with Server() as server:
        yield server
