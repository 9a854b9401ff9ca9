"""How long an event takes from its commit to the client on an idle server with one watcher."""

from bench.measures.session import percentile, session, summary
from bench.result import Result, compare
from bench.services import EMBEDDED, Services

TARGET = 2.5
PER_SECOND = 10.0


def measure(quick: bool, services: Services) -> list[Result]:
    events, rounds = (10, 1) if quick else (20, 2)
    results = []
    for server in ("uvicorn",) if quick else ("daphne", "uvicorn"):
        results.append(idle(f"{server}, Redis and PostgreSQL", server, services, events, rounds))
        results.append(idle(f"{server}, embedded", server, EMBEDDED, events, rounds))
    return results


def idle(what: str, server: str, services: Services, events: int, rounds: int) -> Result:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(p50(f"rill-{server}", services, events))
        theirs.append(p50(f"tutorial-{server}", services, events))
    figures = (("Rill p50", summary(ours, " ms", 1)), ("tutorial p50", summary(theirs, " ms", 1)))
    return compare(f"idle, {what}", figures, ours, theirs, TARGET, "at most")


def p50(name: str, services: Services, events: int) -> float:
    with session(name, services, 1, events) as run:
        return percentile(run.calm(events, PER_SECOND), 50)
