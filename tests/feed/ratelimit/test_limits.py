"""Rate limits: what counts, the response when one is exceeded, and that waiting helps."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from feed.models import Comment, StatusChange
from feed.ratelimit import Limit, address, hit, humanize, seconds_left
from feed.ratelimit.storage import FallbackStorage
from tests.support import services
from tests.support.processes import wait_until

HTMX = {"HX-Request": "true"}
ALICE = Limit("FEED_POST_LIMIT", ("alice",))
BOB = Limit("FEED_POST_LIMIT", ("bob",))


@pytest.fixture(params=["memory", "redis"])
def counted_in(request: pytest.FixtureRequest, settings: Settings, long_redis_timeout: None) -> str:
    if request.param == "redis":
        service = request.getfixturevalue("redis")
        settings.REDIS_URL = service.url
    return str(request.param)


@pytest.fixture
def long_redis_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the default timeout, Redis on a busy machine would sometimes count as hanging."""
    use_new_storage(monkeypatch)


def use_new_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a storage without counts in memory, as another process would."""
    monkeypatch.setattr("feed.ratelimit.storage", cache(lambda url: FallbackStorage(url, timeout=60)))


@pytest.mark.usefixtures("counted_in")
def test_waiting_for_the_returned_seconds_lifts_the_limit(settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "3/second; 100/hour"
    wait = next(seconds for seconds in iter(lambda: hit(ALICE), None) if seconds)
    now = time.time()
    assert wait == 1
    assert seconds_left(BOB) == 0
    wait_until(lambda: time.time() >= now + wait, "the time to pass")
    assert seconds_left(ALICE) == 0
    assert hit(ALICE) == 0


@pytest.mark.usefixtures("counted_in")
def test_a_refused_hit_does_not_count_and_its_wait_is_never_too_short(settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "2/hour"
    began = time.time()
    assert [hit(ALICE), hit(ALICE)] == [0, 0]
    for _ in range(10):
        wait = hit(ALICE)
        assert wait <= 3600
        assert time.time() + wait > began + 3600


@pytest.mark.usefixtures("counted_in")
def test_concurrent_hits_do_not_exceed_the_limit(settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "3/hour"
    together = Barrier(8)

    def hit_together() -> int:
        together.wait()
        return hit(ALICE)

    with ThreadPoolExecutor(8) as threads:
        waits = [threads.submit(hit_together) for _ in range(8)]
    assert [wait.result() for wait in waits].count(0) == 3


def test_a_hit_that_one_limit_refuses_does_not_count_for_the_other(settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "4/hour"
    settings.LOGIN_LIMIT = "2/day"
    both = ALICE, Limit("LOGIN_LIMIT", ("alice",))
    assert [hit(*both), hit(*both)] == [0, 0]
    assert all(23 * 3600 < hit(*both) <= 24 * 3600 for _ in range(5))
    assert [hit(ALICE), hit(ALICE)] == [0, 0]
    assert 3500 < hit(ALICE) <= 3600


def test_a_name_is_counted_under_a_keyed_hash_of_fixed_length(settings: Settings) -> None:
    def key(name: str) -> str:
        return Limit("LOGIN_LIMIT", ("192.0.2.1", name)).windows()[0][0]

    assert len(key("x" * 1_000_000)) == len(key("")) < 120
    assert key("alice") != key("bob")
    assert key("\udcff")  # invalid, but it must not fail
    before, settings.SECRET_KEY = key("alice"), "another site's"
    assert key("alice") != before


@pytest.mark.parametrize(
    ("remote", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", None),
        ("not an address", None),
    ],
)
def test_ipv6_addresses_of_one_customer_count_together(remote: str, counted_as: str | None) -> None:
    assert address(RequestFactory().get("/", REMOTE_ADDR=remote)) == counted_as


def test_clients_without_a_known_address_share_no_limit(settings: Settings) -> None:
    settings.SIGNUP_LIMIT = "1/hour"
    assert [hit(Limit("SIGNUP_LIMIT", (None,))) for _ in range(3)] == [0, 0, 0]
    assert hit(Limit("SIGNUP_LIMIT", ("192.0.2.7",))) == 0
    assert hit(Limit("SIGNUP_LIMIT", ("192.0.2.7",))) > 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (90, "90 seconds"), (121, "3 minutes"), (7200, "2 hours"), (200_000, "3 days")],
)
def test_a_wait_is_rounded_up_to_a_readable_unit(seconds: int, text: str) -> None:
    assert humanize(seconds) == text


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("path", ["/events/", "/events/{}/comments/", "/events/{}/edit/"])
def test_a_post_over_the_limit_comes_back_with_its_text(
    as_alice: Client, hello: StatusChange, settings: Settings, path: str, headers: dict[str, str]
) -> None:
    settings.FEED_POST_LIMIT = "1/hour"
    assert as_alice.post("/events/", {"text": "First"}).status_code == 302
    response = as_alice.post(path.format(hello.pk), {"text": "long thought out"}, headers=headers)
    assert response.status_code == 429
    assert 3500 < int(response.headers["Retry-After"]) <= 3600
    html = response.content.decode()
    assert "long thought out</textarea>" in html
    assert "Try again in 60 minutes." in html
    assert set(StatusChange.objects.values_list("text", flat=True)) == {"Hello", "First"}
    assert Comment.objects.count() == 0


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_deletion_over_the_limit_deletes_nothing(
    as_alice: Client, hello: StatusChange, settings: Settings, headers: dict[str, str]
) -> None:
    settings.FEED_POST_LIMIT = "1/hour"
    assert as_alice.post("/events/", {"text": "First"}).status_code == 302
    response = as_alice.post(f"/events/{hello.pk}/delete/", headers=headers)
    assert response.status_code == 429
    assert math.isclose(int(response.headers["Retry-After"]), 3600, abs_tol=100)
    assert "Try again in 60 minutes." in response.content.decode()
    assert StatusChange.objects.filter(pk=hello.pk).exists()


def test_all_writes_of_alice_count_together_and_those_of_bob_do_not(
    as_alice: Client, hello: StatusChange, settings: Settings
) -> None:
    settings.FEED_POST_LIMIT = "4/hour"
    for path in ("/events/", "/events/{}/comments/", "/events/{}/edit/", "/events/{}/delete/"):
        assert as_alice.post(path.format(hello.pk), {"text": "Hi"}).status_code == 302
    assert as_alice.post("/events/", {"text": "Hi"}).status_code == 429
    as_bob = Client()
    as_bob.force_login(User.objects.create_user("bob"))
    assert as_bob.post("/events/", {"text": "Hi"}).status_code == 302


def test_an_invalid_post_does_not_count(as_alice: Client, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/hour"
    for _ in range(3):
        assert as_alice.post("/events/", {"text": " "}).status_code == 422
    assert as_alice.post("/events/", {"text": "Hi"}).status_code == 302


def test_reading_does_not_count(as_alice: Client, hello: StatusChange, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/hour"
    for _ in range(3):
        for path in ("/", "/events/{}/", "/events/{}/edit/", "/events/{}/delete/"):
            assert as_alice.get(path.format(hello.pk)).status_code == 200
    assert as_alice.post("/events/", {"text": "Hi"}).status_code == 302


@pytest.mark.usefixtures("long_redis_timeout")
def test_processes_that_share_a_redis_share_a_limit(
    as_alice: Client, redis: services.Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL, settings.FEED_POST_LIMIT = redis.url, "1/hour"
    assert as_alice.post("/events/", {"text": "Hi"}).status_code == 302
    use_new_storage(monkeypatch)
    assert as_alice.post("/events/", {"text": "Hi"}).status_code == 429


def test_alice_can_post_while_redis_hangs(as_alice: Client, redis: services.Service, settings: Settings) -> None:
    settings.REDIS_URL, settings.FEED_POST_LIMIT = redis.url, "3/hour"
    redis.freeze()
    try:
        began = time.monotonic()
        statuses = [as_alice.post("/events/", {"text": "Hi"}).status_code for _ in range(4)]
        assert time.monotonic() - began < 5
    finally:
        redis.thaw()
    assert statuses == [302, 302, 302, 429]
