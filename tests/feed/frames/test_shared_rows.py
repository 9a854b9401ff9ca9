"""Rows that processes share in Redis."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis as redis_client
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed.frames import row_cache, rows, shared_rows
from feed.models import Event, StatusChange
from tests.support import services
from tests.support.processes import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis(own_redis: services.Service, settings: Settings) -> Iterator["redis_client.Redis"]:
    settings.REDIS_URL = own_redis.url
    shared_rows._redis.cache_clear()
    with redis_client.Redis.from_url(own_redis.url) as client:
        client.flushall()
        yield client


def shared(redis: "redis_client.Redis") -> list[bytes]:
    found: Any = redis.keys("rill:row:*")
    return [*found]


def render_in_another_process(redis: "redis_client.Redis", count: int) -> None:
    """Render all rows and share them, as another process does: they are in Redis, but not in this process's memory."""
    for event in Event.objects.with_users():
        rows.render_row(event)
    wait_until(lambda: len(shared(redis)) == count, "the rows to be shared")
    row_cache.forget()


def test_a_row_that_another_process_has_rendered_is_not_rendered_again(
    redis: "redis_client.Redis", client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    render_in_another_process(redis, 2)
    monkeypatch.setattr(rows, "_rendered", lambda *_: pytest.fail("The row was rendered again."))
    assert "Hello" in client.get("/").content.decode()
    assert all(0 < redis.pttl(name) <= row_cache.SECONDS * 1000 for name in shared(redis))


def test_a_row_without_the_signature_of_the_site_is_not_shown(
    redis: "redis_client.Redis", client: Client, alice: User
) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    render_in_another_process(redis, 2)
    first, second = shared(redis)
    genuine: Any = redis.get(first)
    for forged in [
        b"<script>alert(1)</script>",
        b"0" * shared_rows.SIGNATURE + b"<script>",
        genuine + b"<script>",
        b"\xff",
    ]:
        redis.set(first, forged)
        redis.set(second, genuine)  # signed, but another event's row
        page = client.get("/").content.decode()
        assert "Hello" in page
        assert "has joined" in page
        assert "<script>" not in page
        row_cache.forget()


def test_a_shared_row_that_is_larger_than_the_cache_is_shown(
    redis: "redis_client.Redis", client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    StatusChange.objects.create(user=alice, text="x" * 20_000)
    render_in_another_process(redis, 2)
    monkeypatch.setattr(row_cache, "_rows", type(row_cache._rows)(10_000, 60, getsizeof=len))
    assert "x" * 20_000 in client.get("/").content.decode()


def test_another_release_renders_its_own_rows(
    redis: "redis_client.Redis", client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    render_in_another_process(redis, 1)
    monkeypatch.setattr(shared_rows, "fingerprint", lambda: "another")
    assert "has joined" in client.get("/").content.decode()
    wait_until(lambda: len(shared(redis)) == 2, "the row of this release to be shared")


def test_a_page_does_not_wait_for_a_redis_that_hangs(
    own_redis: services.Service,
    redis: "redis_client.Redis",
    client: Client,
    alice: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    own_redis.freeze()
    try:
        assert "has joined" in client.get("/").content.decode()
        assert "renders all rows by itself" in caplog.text
    finally:
        own_redis.thaw()
