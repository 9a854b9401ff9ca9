"""How long an event takes to arrive when it is posted right after one very large transaction.

The log is ordered, so the event comes after all events of that transaction. The delay is compared with the time that
one process takes to read and encode them once, which is the minimum work of a hub.
"""

from bench.measures.children import measured
from bench.measures.session import session, summary
from bench.result import Result, compare
from bench.services import Services

EVENTS, WATCHERS = 20_000, 200
TARGET = 3.0


def measure(quick: bool, services: Services) -> list[Result]:
    events, rounds = (4000, 1) if quick else (EVENTS, 3)
    return [batch(server, services, events, rounds) for server in (("uvicorn",) if quick else ("daphne", "uvicorn"))]


def batch(server: str, services: Services, events: int, rounds: int) -> Result:
    delays, once = list[float](), list[float]()
    for _ in range(rounds):
        with session(f"rill-{server}", services, WATCHERS, events + 1) as run:
            run.post(events)
            delays.append(float(run.calm(1, 1.0).max()) / 1000)
            once.append(
                measured("resumer", "read", database_url=run.server.plan.environment["DATABASE_URL"])["seconds"]
            )
    figures = (("the next post", summary(delays, " s", 2)), ("read once", summary(once, " s", 2)))
    what = f"{events:,} events in one transaction, {server}"
    return compare(what, figures, delays, once, TARGET, "at most")
