"""The page with 30 events of mixed kinds: Rill's, and a plain Django view of the same project that shows as many."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.cores import SERVER, pinned
from bench.measures.databases import migrated
from bench.result import Ratios, Result
from bench.services import Services
from tests.servers import ROOT, clean_environment, sqlite_database

MOST_QUERIES = 6
TARGET = 0.5


def measure(quick: bool, services: Services) -> list[Result]:
    results = []
    with sqlite_database() as url:
        results += page("SQLite", clean_environment(url), quick)
    with migrated(services.postgresql_url) as url:
        results += page("PostgreSQL", clean_environment(url), quick)
    return results


def page(database: str, environment: dict[str, str], quick: bool) -> list[Result]:
    rounds, seconds = (2, 0.2) if quick else (15, 0.25)
    command = [sys.executable, "-m", "bench.measures.reader", str(rounds), str(seconds)]
    environment = environment | {"DJANGO_SETTINGS_MODULE": "bench.measures.settings"}
    done = subprocess.run(
        pinned(command, SERVER), cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return [
        each for who, facts in json.loads(done.stdout).items() for each in told(f"page on {database}, {who}", facts)
    ]


def told(what: str, facts: dict[str, Any]) -> Iterator[Result]:
    queries, rates, sizes = facts["queries"], facts["rates"], facts["bytes"]
    yield Result(f"{what}: queries", (("plain", str(queries["plain"])),), queries["rill"], MOST_QUERIES, "at most")
    ratios = Ratios.of(rates["rill"], rates["plain"])
    figures = tuple((name, f"{statistics.median(rates[name]):.0f}/s of {sizes[name]} bytes") for name in rates)
    yield Result(what, figures, ratios.median, TARGET, "at least", ratios.spread)


if __name__ == "__main__":
    for result in measure("--quick" in sys.argv, Services.running()):
        print(result)
