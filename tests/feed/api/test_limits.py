"""Rate limits of the API, and the headers that tell programs of them."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.support.api import EVENTS, Program, refusal, status

pytestmark = pytest.mark.django_db


def policies(response: Any) -> dict[str, tuple[int, int]]:
    """Amount and seconds of each limit."""
    found = re.findall(r'"([\w-]+)";q=(\d+);w=(\d+)', response.headers["RateLimit-Policy"])
    return {name: (int(amount), int(seconds)) for name, amount, seconds in found}


def left(response: Any) -> dict[str, tuple[int, int]]:
    """What is left of each, and the seconds until there is more."""
    found = re.findall(r'"([\w-]+)";r=(\d+);t=(\d+)', response.headers["RateLimit"])
    return {name: (int(hits), int(seconds)) for name, hits, seconds in found}


def test_reads_count_by_address_and_by_user(alice: User, settings: Settings) -> None:
    settings.FEED_READ_LIMIT = "5/minute"
    anonymous, by_alice = Program().get(), Program(alice).get()
    assert policies(anonymous) == {"read-by-address-60": (5, 60)}
    assert left(anonymous) == {"read-by-address-60": (4, 60)}
    assert {name: hits for name, (hits, _) in left(by_alice).items()} == {"read-by-address-60": 3, "read-by-user-60": 4}


def test_a_user_is_limited_whatever_the_address(alice: User, settings: Settings) -> None:
    settings.FEED_READ_LIMIT = "2/minute"
    program = Program(alice)
    statuses = [
        program.client.get(EVENTS, headers=program.headers, REMOTE_ADDR=f"192.0.2.{number}").status_code
        for number in range(3)
    ]
    assert statuses == [200, 200, 429]
    assert Program().client.get(EVENTS, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_writes_tell_of_both_limits_and_of_each_window(alice: User, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "3/minute; 10/hour"
    program = Program(alice)
    first, second = program.post(status()), program.post(status())
    assert {"post-60": (3, 60), "post-3600": (10, 3600)}.items() <= policies(first).items()
    assert [left(each)["post-60"][0] for each in (first, second)] == [2, 1]
    assert left(second)["post-3600"][0] == 8
    assert 0 < left(second)["post-60"][1] <= 60


def test_a_program_that_has_used_it_up_is_told_when_to_come_back(alice: User, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/minute"
    Program(alice).post(status())
    response = Program(alice).post(status())
    assert refusal(response) == (429, "too_many_requests")
    assert left(response)["post-60"][0] == 0
    assert 0 < int(response.headers["Retry-After"]) <= 61


def test_many_streams_count_as_several_requests(settings: Settings) -> None:
    settings.FEED_READ_LIMIT = "5/minute"
    query = "&".join(f"stream=kind:status_change&stream=thread:{number}" for number in range(1, 21))
    assert Program().get(f"{EVENTS}?after=1&{query}").status_code == 200
    assert left(Program().get())["read-by-address-60"][0] == 1


def test_what_is_not_counted_tells_nothing(client: Any) -> None:
    for path in ("/api/openapi.json", "/api/nowhere"):
        assert "RateLimit" not in client.get(path).headers
