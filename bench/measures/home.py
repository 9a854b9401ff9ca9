"""What it costs a hub that its watchers follow people, beside watchers of everything."""

from bench.measures.audiences import EVENTS, MAX_RATIO, WATCHERS, figure
from bench.measures.children import measured
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

FOLLOWED = 100


def measure(quick: bool, services: Services) -> list[Result]:
    rounds = 3 if quick else 10
    with sqlite_database() as url:
        facts = measured(
            "home_costs", rounds, WATCHERS, FOLLOWED, EVENTS, database_url=url, DJANGO_ALLOW_ASYNC_UNSAFE="1"
        )
    return [
        to_result("an event by an author whom everybody follows", facts["home"]["one"], facts["public"]["one"]),
        to_result("an event by an author whom a tenth follows", facts["home"]["many"], facts["public"]["many"]),
    ]


def to_result(what: str, home: list[tuple[float, int]], public: list[tuple[float, int]]) -> Result:
    ours, theirs = ([seconds for seconds, _ in each] for each in (home, public))
    figures = tuple((name, figure(rounds)) for name, rounds in (("home", home), ("public", public)))
    where = f"{WATCHERS:,} watchers who follow {FOLLOWED} people each"
    return compare(f"{what}, in home beside public, {where}", figures, ours, theirs, MAX_RATIO, "at most")
