"""What it costs a hub that events aren't for everybody."""

from bench.measures.children import measured
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

WATCHERS, AUDIENCES, EVENTS = 1000, 50, 200
MAX_RATIO = 1.5


def measure(quick: bool, services: Services) -> list[Result]:
    with sqlite_database() as url:
        facts = measured(
            "audience_costs",
            3 if quick else 10,
            WATCHERS,
            AUDIENCES,
            EVENTS,
            database_url=url,
            DJANGO_ALLOW_ASYNC_UNSAFE="1",
        )
    return [
        to_result("an event for an audience of all", facts["one for all"], facts["public"]),
        to_result(f"an event for an audience of {AUDIENCES}", facts["many"], facts["public"]),
    ]


def to_result(what: str, private: list[tuple[float, int]], public: list[tuple[float, int]]) -> Result:
    """Compare the time for an event, whatever the number of watchers that it concerns."""
    ours, theirs = ([seconds for seconds, _ in each] for each in (private, public))
    figures = tuple((name, figure(rounds)) for name, rounds in (("private", private), ("public", public)))
    where = f"{WATCHERS:,} watchers in {AUDIENCES} audiences each"
    return compare(f"{what}, beside a public one, {where}", figures, ours, theirs, MAX_RATIO, "at most")


def figure(rounds: list[tuple[float, int]]) -> str:
    fastest, frames = min(rounds)
    return f"{fastest / EVENTS * 1000:.2f} ms for {frames // EVENTS:,} frames"
