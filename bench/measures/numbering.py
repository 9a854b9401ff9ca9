"""Numbering: how long many waiting changes take, and how many transactions a stream of single posts takes."""

import statistics
from collections.abc import Iterator
from typing import Any

from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result
from bench.services import Services
from tests.support.databases import sqlite_database

CHANGES = 10_000
MAX_SECONDS = 2.0
MAX_TRANSACTIONS = 1.0


def measure(quick: bool, services: Services) -> list[Result]:
    arguments = ("numberer", 1 if quick else 5, CHANGES, 50 if quick else 500)
    with sqlite_database() as url:
        results = [*to_results("SQLite", measured(*arguments, database_url=url))]
    with migrated(services.needed_postgresql()) as url:
        results += to_results("PostgreSQL", measured(*arguments, database_url=url, REDIS_URL=services.needed_redis()))
    return results


def to_results(database: str, facts: dict[str, Any]) -> Iterator[Result]:
    each, single = facts["seconds"], facts["single"]
    seconds = statistics.median(each)
    figures: tuple[tuple[str, str], ...] = (("a second", f"{CHANGES / seconds:,.0f}"),)
    what = f"seconds to number {CHANGES:,} changes on {database}"
    yield Result(what, figures, seconds, MAX_SECONDS, "at most", (min(each), max(each)))
    figures = (
        ("queries a cycle", f"{single['queries']:.1f}"),
        ("cycles", str(single["cycles"])),
        ("posts a second", f"{single['rate']:.0f}"),
    )
    what = f"transactions of a hub a cycle, in a stream of posts on {database}"
    yield Result(what, figures, single["transactions"], MAX_TRANSACTIONS, "at most")
