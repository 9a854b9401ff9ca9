"""Rill's page with 30 events of mixed kinds, against a plain Django view of the same project with 30 events."""

import statistics
from collections.abc import Iterator
from typing import Any

from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

MAX_QUERIES = 7
"""Of which a log-in costs five: the session, its user, what is muted, who is followed, and the bell."""
TARGET = 3.0
"""Without the cache of rendered rows the ratio was 0.75."""


def measure(quick: bool, services: Services) -> list[Result]:
    results = []
    with sqlite_database() as url:
        results += page("SQLite", url, quick)
    with migrated(services.needed_postgresql()) as url:
        results += page("PostgreSQL", url, quick)
    return results


def page(database: str, url: str, quick: bool) -> list[Result]:
    rounds, seconds = (2, 0.2) if quick else (10, 0.25)
    facts = measured("reader", rounds, seconds, database_url=url)
    return [each for login, facts in facts.items() for each in to_results(f"page on {database}, {login}", facts)]


def to_results(what: str, facts: dict[str, Any]) -> Iterator[Result]:
    queries, rates, sizes = facts["queries"], facts["rates"], facts["bytes"]
    yield Result(f"{what}: queries", (("plain", str(queries["plain"])),), queries["rill"], MAX_QUERIES, "at most")
    figures = tuple((name, f"{statistics.median(rates[name]):.0f}/s of {sizes[name]} bytes") for name in rates)
    yield compare(what, figures, rates["rill"], rates["plain"], TARGET, "at least")
