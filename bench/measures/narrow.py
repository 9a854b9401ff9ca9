"""How much other watchers delay an event that goes to a single watcher."""

from bench.measures.session import percentile, session, summary
from bench.result import Result, compare
from bench.services import Services

TARGET = 2.0
FEW = 100
PER_SECOND = 20.0
PATH = "/ws/feed/?stream=thread:%d&after=1"
"""Each watcher follows the thread of its own number. It resumes from a cursor, because then the server doesn't check
that the thread exists."""


def measure(quick: bool, services: Services) -> list[Result]:
    many, rounds = (1000, 1) if quick else (10_000, 1)
    return [narrow(server, services, many, rounds) for server in (("uvicorn",) if quick else ("daphne", "uvicorn"))]


def narrow(server: str, services: Services, many: int, rounds: int) -> Result:
    with_many, with_few = [], []
    for _ in range(rounds):
        with_many.append(delay(server, services, many))
        with_few.append(delay(server, services, FEW))
    figures = (
        (f"p50 with {many:,} watchers", summary(with_many, " ms", 1)),
        (f"with {FEW}", summary(with_few, " ms", 1)),
    )
    return compare(f"many narrow streams, {server}", figures, with_many, with_few, TARGET, "at most")


def delay(server: str, services: Services, watchers: int) -> float:
    """The median delay in ms of events that go to one watcher each."""
    events = FEW // 2
    with session(f"rill-{server}", services, watchers, events, path=PATH) as run:
        delays = run.calm(events, PER_SECOND, by=1)
        assert delays.size == events, f"{delays.size} deliveries of {events} events"
        return percentile(delays, 50)
