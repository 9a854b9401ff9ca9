"""All watchers reconnect at once, each 50 changes behind."""

from bench.measures.session import TIMEOUT, median, summary, watching
from bench.peers import running
from bench.result import Result, compare
from bench.services import Services

TARGET = 0.5
BEHIND = 50
EVENTS = 200


def measure(quick: bool, services: Services) -> list[Result]:
    watchers, rounds = (200, 1) if quick else (1000, 3)
    return [storm(server, services, watchers, rounds) for server in (("uvicorn",) if quick else ("daphne", "uvicorn"))]


def storm(server: str, services: Services, watchers: int, rounds: int) -> Result:
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(rill(server, services, watchers))
        bare.append(accepting(server, services, watchers))
    figures = (("Rill", summary(ours, " a second")), ("the bare server", f"{median(bare):,.0f} a second"))
    return compare(f"storm of {watchers:,}, {server}", figures, ours, bare, TARGET, "at least")


def rill(server: str, services: Services, watchers: int) -> float:
    """Watchers a second, from the first connect until the last watcher has the frame with its missed changes."""
    with running(f"rill-{server}", services) as running_server, running_server.poster() as poster:
        poster.burst(0, EVENTS)
        path = f"/ws/feed/?after={EVENTS - BEHIND}"
        with watching(running_server, 1, EVENTS, path, ready="first") as first:
            first.ready(TIMEOUT)  # the hub has started
        with watching(running_server, watchers, EVENTS, path, ready="first", concurrency=watchers) as load:
            seconds = load.ready(TIMEOUT)
            missed = int((load.times()[:, EVENTS - BEHIND + 1 :] == 0).sum())
            assert not missed, f"{missed} changes are missing in the first frames"
            return watchers / seconds


def accepting(server: str, services: Services, watchers: int) -> float:
    with running(f"bare-{server}", services) as bare:
        with watching(bare, 1, ready="first") as first:
            first.ready(TIMEOUT)
        with watching(bare, watchers, ready="first", concurrency=watchers) as load:
            return watchers / load.ready(TIMEOUT)
