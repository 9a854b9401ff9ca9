"""Durable handlers, against a plain loop over the table that keeps its place in a row."""

import statistics

from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

EVENTS = 1_000
TARGET = 0.25


def measure(quick: bool, services: Services) -> list[Result]:
    """Measure with an effect of one insert for each change."""
    with sqlite_database() as url:
        results = [handling("SQLite", url, quick)]
    with migrated(services.needed_postgresql()) as url:
        return [*results, handling("PostgreSQL", url, quick)]


def handling(database: str, url: str, quick: bool) -> Result:
    rates = measured("handling", 3 if quick else 15, EVENTS, database_url=url)
    figures = tuple((name, f"{statistics.median(each):,.0f}/s") for name, each in rates.items())
    what = f"changes that a handler handles, beside a loop over the table, {database}"
    return compare(what, figures, rates["handler"], rates["loop"], TARGET, "at least")
