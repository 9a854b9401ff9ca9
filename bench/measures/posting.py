"""Posts by the API, against a plain Django view of the same project that saves its own event."""

import statistics

from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

TARGET = 0.4
"""What a plain view leaves out: the log, audiences, rate limits, tags, and the event as the database has it."""
BY = {"rill": "", "with key": ", with an idempotency key"}


def measure(quick: bool, services: Services) -> list[Result]:
    with sqlite_database() as url:
        results = posting("SQLite", url, quick)
    with migrated(services.needed_postgresql()) as url:
        return [*results, *posting("PostgreSQL", url, quick)]


def posting(database: str, url: str, quick: bool) -> list[Result]:
    rounds, seconds = (4, 0.1) if quick else (24, 0.15)
    rates = measured("writer", rounds, seconds, database_url=url)
    return [to_result(f"posts by the API on {database}{how}", name, rates) for name, how in BY.items()]


def to_result(what: str, name: str, rates: dict[str, list[float]]) -> Result:
    figures = tuple((each, f"{statistics.median(rates[each]):.0f}/s") for each in ("plain", name))
    target = TARGET if name == "rill" else None
    return compare(what, figures, rates[name], rates["plain"], target, "at least")
