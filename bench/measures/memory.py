"""The memory of an idle watcher, compared with that of an idle websocket on the bare ASGI server."""

from bench.measures.session import TIMEOUT, memory, summary, watching
from bench.peers import running
from bench.result import Result
from bench.services import Services

TARGET = 1.3
WARMUP_CONNECTIONS = 200
"""Connections that are opened and closed before the measurement, so that one-time allocations don't count."""


def measure(quick: bool, services: Services) -> list[Result]:
    watchers = 3000 if quick else 10_000
    return [idle(server, services, watchers) for server in (("uvicorn",) if quick else ("daphne", "uvicorn"))]


def idle(server: str, services: Services, watchers: int) -> Result:
    ours, bare = [per_watcher(f"{peer}-{server}", services, watchers) for peer in ("rill", "bare")]
    figures = (("Rill", summary([ours], " KiB", 1)), ("the bare server", summary([bare], " KiB", 1)))
    return Result(f"memory of {watchers:,} idle watchers, {server}", figures, ours / bare, TARGET, "at most")


def per_watcher(name: str, services: Services, watchers: int) -> float:
    """KiB for each watcher while all of them are connected."""
    with running(name, services) as server:
        with watching(server, WARMUP_CONNECTIONS, ready="first") as warm:
            warm.ready(TIMEOUT)
        before = memory(server)
        with watching(server, watchers, ready="first") as load:
            load.ready(TIMEOUT)
            taken = memory(server) - before
            assert load.counts().lost == 0
        return taken / watchers
