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
MAX_FOR_SIZE = 1.25
"""Maximum time of a page of something large, relative to the same page of something small: 1, and 0.25 for noise."""
MAX_FOR_STREAMS = 2.5
"""The same for a hundred streams at once, beside one: each is found by its own index."""


def measure(quick: bool, services: Services) -> list[Result]:
    rounds = 3 if quick else 10
    with sqlite_database() as url:
        results = [*to_results("SQLite", measured("threads", rounds, COMMENTS, STREAMS, KINDS, database_url=url))]
    with migrated(services.needed_postgresql()) as url:
        results += to_results("PostgreSQL", measured("threads", rounds, COMMENTS, STREAMS, KINDS, database_url=url))
    return results


def to_results(database: str, facts: dict[str, Any]) -> Iterator[Result]:
    def compared(what: str, one: str, other: str, target: float) -> Result:
        figures = tuple((name, f"{statistics.median(facts[name]) * 1000:.1f} ms") for name in (one, other))
        return compare(f"{what}, {database}", figures, facts[one], facts[other], target, "at most")

    yield compared(f"the page of a thread of {COMMENTS:,} comments", "large thread", "small thread", MAX_FOR_SIZE)
    yield compared(f"a snapshot of {STREAMS} streams", "many streams", "one stream", MAX_FOR_STREAMS)
    yield compared(f"the front page with {KINDS} kinds, beside that without", "many kinds", "few kinds", MAX_FOR_SIZE)
