"""How long pages and snapshots take for a large thread, for many streams, and with many kinds."""

import statistics
from collections.abc import Iterator
from typing import Any

from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

COMMENTS, STREAMS, KINDS = 66_000, 100, 200
MAX_SECONDS = 0.03
"""For the page of a thread and the snapshot of many streams."""
MAX_FOR_KINDS = 1.25
"""Maximum time of a page with hundreds of kinds, relative to the same page with six: 1, and 0.25 for noise."""


def measure(quick: bool, services: Services) -> list[Result]:
    rounds = 3 if quick else 10
    with sqlite_database() as url:
        results = [*to_results("SQLite", measured("threads", rounds, COMMENTS, STREAMS, KINDS, database_url=url))]
    with migrated(services.needed_postgresql()) as url:
        results += to_results("PostgreSQL", measured("threads", rounds, COMMENTS, STREAMS, KINDS, database_url=url))
    return results


def to_results(database: str, facts: dict[str, Any]) -> Iterator[Result]:
    for what, each in ((f"seconds for the page of a thread of {COMMENTS:,} comments", facts["thread"]),
                       (f"seconds for a snapshot of {STREAMS} streams", facts["streams"])):  # fmt: skip
        spread = (min(each), max(each))
        yield Result(f"{what}, {database}", (), statistics.median(each), MAX_SECONDS, "at most", spread)
    figures = tuple((name, f"{statistics.median(facts[name]) * 1000:.1f} ms") for name in ("many kinds", "few kinds"))
    what = f"the front page with {KINDS} kinds, beside that without them, {database}"
    yield compare(what, figures, facts["many kinds"], facts["few kinds"], MAX_FOR_KINDS, "at most")
