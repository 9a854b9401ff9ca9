"""Pages of other sites call the API if FEED_API_ORIGINS names them, with tokens and never with cookies."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed.models import StatusChange
from tests.conftest import logged_in
from tests.support.api import EVENTS, Program, refusal, status

pytestmark = pytest.mark.django_db

SHOP, EVIL = "https://shop.example", "https://evil.example"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization, if-match"}


@pytest.fixture(autouse=True)
def shop_may_call(settings: Settings) -> None:
    settings.FEED_API_ORIGINS = [SHOP]


def cors_headers(response: object) -> dict[str, str]:
    headers: dict[str, str] = response.headers  # type: ignore[attr-defined]
    return {name: value for name, value in headers.items() if name.startswith("Access-Control-")}


@pytest.mark.parametrize("path", [EVENTS, "/api/events/1/", "/api/nowhere"])
def test_a_preflight_says_what_a_page_may_send(client: Client, path: str) -> None:
    response = client.options(path, headers={"Origin": SHOP, **PREFLIGHT})
    assert (response.status_code, response.content) == (204, b"")
    headers = cors_headers(response)
    assert headers["Access-Control-Allow-Origin"] == SHOP
    assert "PATCH" in headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "Idempotency-Key", "If-Match"} <= set(headers["Access-Control-Allow-Headers"].split(", "))
    assert "Access-Control-Allow-Credentials" not in headers
    assert "Origin" in response.headers["Vary"]


def test_a_page_of_the_site_posts_with_a_token_and_reads_the_answer(alice: User) -> None:
    response = Program(alice).post(status(), Origin=SHOP)
    assert response.status_code == 201
    assert cors_headers(response)["Access-Control-Allow-Origin"] == SHOP
    assert {"ETag", "Location", "Retry-After"} <= set(response.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/events/12345/", "/api/events/?limit=x"])
def test_it_reads_errors_too(client: Client, path: str) -> None:
    response = client.get(path, headers={"Origin": SHOP})
    assert response.status_code >= 400
    assert cors_headers(response)["Access-Control-Allow-Origin"] == SHOP


def test_a_visitors_cookie_counts_for_nothing_there(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="mine", audience="only:alice")
    client = logged_in(alice)
    shown = client.get(EVENTS, headers={"Origin": SHOP}).json()["events"]
    assert "only:alice" not in {event["audience"] for event in shown}
    response = client.post(EVENTS, status(), content_type="application/json", headers={"Origin": SHOP})
    assert refusal(response) == (401, "login_needed")


@pytest.mark.parametrize("origin", [EVIL, "null", "https://shop.example.evil.example", "http://shop.example"])
def test_no_other_site_may(client: Client, origin: str) -> None:
    for response in (
        client.options(EVENTS, headers={"Origin": origin, **PREFLIGHT}),
        client.get(EVENTS, headers={"Origin": origin}),
    ):
        assert not cors_headers(response)
        assert "Origin" in response.headers["Vary"]


def test_pages_are_for_no_other_site(client: Client) -> None:
    assert not cors_headers(client.get("/", headers={"Origin": SHOP}))


def test_by_default_no_site_may(client: Client, settings: Settings) -> None:
    settings.FEED_API_ORIGINS = []
    response = client.options(EVENTS, headers={"Origin": SHOP, **PREFLIGHT})
    assert refusal(response) == (405, "method_not_allowed")
    assert not cors_headers(response)
    assert "Origin" not in client.get(EVENTS).headers["Vary"]
