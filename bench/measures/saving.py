"""Saving an event of Rill, with its change and its doorbell, against a plain multi-table save."""

import statistics

from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

TARGET = 0.75
THREADS = (1, 16)
ROUNDS = {
    ("SQLite", 1): (60, 12, 0.05),
    ("SQLite", 16): (20, 2, 0.15),
    ("PostgreSQL", 1): (320, 64, 0.05),
    ("PostgreSQL", 16): (100, 20, 0.05),
}
"""The number of rounds, the number with --quick, and the seconds of each round.

Rounds are many and short because the speed of the machine varies. The closer the ratio is to the target, the more
rounds there are. SQLite with 16 threads has fewer and longer rounds: waiting writers sleep and wake one after the
other, every 0.1 s, so the last thread ends more than a second after the round.
"""


def measure(quick: bool, services: Services) -> list[Result]:
    """Measure SQLite with the in-memory channel layer, and PostgreSQL with the Redis one."""
    results = []
    with sqlite_database() as url:
        results += [saving("SQLite", url, threads, quick) for threads in THREADS]
    with migrated(services.needed_postgresql()) as url:
        redis = {"REDIS_URL": services.needed_redis()}
        results += [saving("PostgreSQL", url, threads, quick, **redis) for threads in THREADS]
    return results


def saving(database: str, url: str, threads: int, quick: bool, **environment: str) -> Result:
    rounds, few, seconds = ROUNDS[database, threads]
    rates = measured("saver", threads, few if quick else rounds, seconds, database_url=url, **environment)
    figures = tuple((name, f"{statistics.median(each):.0f}/s") for name, each in rates.items())
    what = f"saving on {database}, {threads} {'thread' if threads == 1 else 'threads'}"
    return compare(what, figures, rates["rill"], rates["plain"], TARGET, "at least")
