"""/metrics: who may read it, and what it says of pages and handlers."""

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from feed.handlers import catch_up
from feed.metrics import views
from tests.feed.handlers.conftest import Make
from tests.feed.metrics.scraping import Growth, Scrape

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a token that nobody guesses"


def status(**headers: str) -> int:
    return Client(headers=headers).get("/metrics").status_code


def test_metrics_are_off_unless_a_setting_says_who_may_read_them(settings: Settings) -> None:
    assert settings.FEED_METRICS is None
    assert status() == 404


def test_without_prometheus_client_metrics_are_off(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FEED_METRICS = "open"
    assert status() == 200
    monkeypatch.setattr(views, "is_installed", False)
    assert status() == 404


def test_open_metrics_are_for_everybody(settings: Settings, client: Client) -> None:
    settings.FEED_METRICS = "open"
    response = client.get("/metrics")
    assert response["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in response["Cache-Control"]
    names = {family.name for family in text_string_to_metric_families(response.content.decode())}
    assert {"rill_info", "rill_frames", "rill_delay_seconds", "process_cpu_seconds"} <= names
    assert client.post("/metrics").status_code == 405


def test_openmetrics_are_written_for_those_who_ask_for_them(settings: Settings, client: Client) -> None:
    settings.FEED_METRICS = "open"
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.content.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer ", 401),
        ("Bearer open", 401),
        (f"Basic {TOKEN}", 401),
        ("Bearer tökén", 401),
    ],
)
def test_a_token_is_needed_where_the_setting_is_one(settings: Settings, header: str, expected: int) -> None:
    settings.FEED_METRICS = TOKEN
    assert status(Authorization=header) == expected


@pytest.mark.parametrize(
    ("value", "is_wrong"), [(None, False), ("open", False), (TOKEN, False), ("secret", True), (True, True)]
)
def test_a_token_that_can_be_guessed_is_an_error(settings: Settings, value: object, is_wrong: bool) -> None:
    settings.FEED_METRICS = value
    assert ("feed.E016" in {message.id for message in run_checks()}) == is_wrong


def test_metrics_without_the_package_are_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FEED_METRICS = TOKEN
    monkeypatch.setattr("feed.checks_metrics.is_installed", False)
    assert "feed.E016" in {message.id for message in run_checks()}


def test_pages_are_counted_by_route_and_status(as_alice: Client, alice: User) -> None:
    before = Scrape.now()
    assert as_alice.get("/").status_code == 200
    assert as_alice.get("/events/987654321/").status_code == 404
    assert as_alice.post("/events/", {"text": ""}).status_code == 422
    growth = Growth(before, Scrape.now())
    counted = [
        growth.of("rill_page_seconds_count", method="GET", route="", status="200"),
        growth.of("rill_page_seconds_count", method="GET", route="events/<int:pk>/", status="404"),
        growth.of("rill_page_seconds_count", method="POST", route="events/", status="422"),
    ]
    assert counted == [1, 1, 1]
    assert growth.of("rill_page_seconds_sum", route="") > 0


def test_a_client_can_not_make_up_series(client: Client, db: None) -> None:
    for method in ("BREW", "BREW2"):
        client.generic(method, "/")
    found = Scrape.now()
    assert found.value("rill_page_seconds_count", method="other", route="") >= 2
    assert not [sample for sample in found.samples if sample.labels.get("method", "").startswith("BREW")]


def test_handlers_say_how_far_they_are_behind(make: Make, alice: User) -> None:
    handler = make(print, "kind:deploy")
    catch_up(handler)
    found = Scrape.now()
    assert found.value("rill_handler_behind", handler="test") == 0
    assert found.value("rill_handler_stopped", handler="test") == 0
    assert found.value("rill_handler_seconds_behind", handler="test") == 0
    assert found.value("rill_handler_set_aside", handler="test") == 0
