"""The dashboard and the alert rules ask for metrics that exist, by labels that they have."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from feed.counts import counts
from feed.handlers import catch_up
from feed.hub import hub
from feed.mirror_table import Mirror
from tests.feed.handlers.conftest import Make
from tests.feed.metrics.scraping import scrape
from tests.feed.sockets import connect
from tests.support.databases import ROOT

FOLDER = ROOT / "docs" / "monitoring"
OF_PROMETHEUS = {"instance", "job"}
"""Labels that each series gets as it is scraped."""
WORDS = {"rate", "increase", "sum", "max", "min_over_time", "histogram_quantile", "by", "and", "up"}
NUMBER, STRING, RANGE = r"\b\d+(?:\.\d+)?\b", r'"[^"]*"', r"\[\d+[smhd]\]"


def expressions() -> Iterator[str]:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    for group in rules["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


EXPRESSIONS = list(expressions())


def selectors(expression: str) -> list[tuple[str, set[str]]]:
    """The names in the expression that are no functions, with the labels that they are selected by."""
    bare = re.sub(r"\bby \([^)]*\)", "", re.sub(rf"{STRING}|{RANGE}|{NUMBER}", "", expression))
    found = re.findall(r"([a-zA-Z_]\w*)(?:\{([^}]*)\})?", bare)
    return [(name, set(re.findall(r"(\w+)\s*[=!]", labels))) for name, labels in found if name not in WORDS]


def grouped_by(expression: str) -> set[str]:
    return {label.strip() for found in re.findall(r"\bby \(([^)]*)\)", expression) for label in found.split(",")}


@pytest.fixture
async def labels(transactional_db: None, alice: User, make: Make, closed_hub: None) -> dict[str, set[str]]:
    """The labels of each series of a process in which everything has happened."""
    await database_sync_to_async(lambda: catch_up(make(print, "kind:deploy")))()
    await database_sync_to_async(lambda: Client().get("/"))()
    await Mirror.objects.acreate(pk=1, url="https://rill.example/")
    counts.refusals["unknown_stream"] += 1
    async with connect() as watcher:
        await watcher.frame()
        found = await scrape()
        assert hub().has_watchers()
    return {sample.name: set(sample.labels) for sample in found.samples}


async def test_every_query_is_of_metrics_and_labels_that_exist(labels: dict[str, set[str]]) -> None:
    assert len(EXPRESSIONS) > 30
    for expression in EXPRESSIONS:
        known = set(OF_PROMETHEUS)
        for name, selected in selectors(expression):
            assert name in labels, f"There is no metric {name}: {expression}"
            assert selected <= labels[name] | OF_PROMETHEUS, expression
            known |= labels[name]
        assert grouped_by(expression) <= known, expression


async def test_every_metric_is_shown_or_watched(labels: dict[str, set[str]]) -> None:
    asked = {name for expression in EXPRESSIONS for name, _ in selectors(expression)}
    own = {name for name in labels if name.startswith("rill_")}
    positions = {"rill_hub_position", "rill_log_position", "rill_mirror_position"}
    assert own - asked == positions | {"rill_info", "rill_delay_seconds_count", "rill_delay_seconds_sum"}


def test_the_reader_of_queries_notices_what_is_wrong() -> None:
    expression = 'sum by (format, kind) (rate(rill_frame_total{job=~"a|b", door!="x"}[5m])) > 0.5 * rill_up'
    assert selectors(expression) == [("rill_frame_total", {"job", "door"}), ("rill_up", set())]
    assert grouped_by(expression) == {"format", "kind"}


def test_every_alert_says_what_is_wrong_and_is_explained() -> None:
    document = (ROOT / "docs" / "monitoring.md").read_text()
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    for rule in rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"].endswith((".", "?"))
        assert f"`{rule['alert']}`" in document, rule["alert"]


async def test_every_metric_is_documented(labels: dict[str, set[str]]) -> None:
    document = (ROOT / "docs" / "monitoring.md").read_text()
    own = {re.sub(r"_(bucket|count|sum)$", "", name) for name in labels if name.startswith("rill_")}
    assert {name for name in own if f"`{name}" not in document} == set()
