"""Rill as in production, on one machine: server processes behind nginx, and one for handlers.

    python -m tests.cluster             runs until Ctrl-C
    python -m tests.cluster restart     restarts the processes of the one that runs, one after the other

script/cluster runs it inside of tests.support.services, which starts PostgreSQL and Redis. A process that dies is
started again, as systemd does, so you can kill one and watch.
"""

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import NoReturn

from project.serve import check_port
from tests.cluster import running
from tests.cluster.handlers import Handlers
from tests.support.databases import ROOT, migrate
from tests.support.proxies import nginx
from tests.support.servers import HOST, Server

STATE = ROOT / "var" / "cluster.json"
LOOK = 0.5
"""Seconds between two looks whether a process has died."""


def main() -> int | str | None:
    parser = argparse.ArgumentParser(prog="script/cluster")
    parser.add_argument("command", nargs="?", choices=["run", "restart"], default="run")
    parser.add_argument("--processes", type=int, choices=range(1, 17), default=4, metavar="N", help="servers (4)")
    parser.add_argument("--state", type=Path, default=STATE, help="a file that says where it runs")
    given = parser.parse_args()
    if given.command == "restart":
        return running.restart(given.state)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with SIGINT ignored
    try:
        run(given.processes, given.state)
    except FileNotFoundError as error:
        return f"{error}. Install it to run a cluster."
    except KeyboardInterrupt:
        return None
    return None


def leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(0)


def run(processes: int, state: Path) -> None:
    database_url, redis_url = os.environ["DATABASE_URL"], os.environ.get("TEST_REDIS_URL")
    if redis_url is None:
        raise FileNotFoundError("redis-server is not installed")
    port = int(os.environ.get("PORT", "8000"))
    check_port(HOST, port)
    asked: SimpleQueue[int] = SimpleQueue()
    signal.signal(running.RESTART, lambda number, _: asked.put(number))
    migrate(database_url)
    with ExitStack() as stack:
        servers = [Server("uvicorn", database_url=database_url, redis_url=redis_url) for _ in range(processes)]
        for server in servers:
            stack.enter_context(server)
        handlers = stack.enter_context(Handlers(database_url, redis_url))
        stack.enter_context(nginx([server.port for server in servers], port))
        for server in servers:
            print(f"A server is at {server.url()}, process {server.pid}, log {server.log_file}")
        print(f"Rill is at http://localhost:{port}/ (stop with Ctrl-C)", flush=True)
        with running.announced(state):
            serve(servers, handlers, asked, state)


def serve(servers: list[Server], handlers: Handlers, asked: "SimpleQueue[int]", state: Path) -> NoReturn:
    """Start what dies, and restart everything when that is asked for, until a signal ends it."""
    while True:
        start_what_died(servers, handlers)
        try:
            asked.get(timeout=LOOK)
        except Empty:
            continue
        restart(servers, handlers)
        running.count_restart(state)


def start_what_died(servers: list[Server], handlers: Handlers) -> None:
    processes: list[Server | Handlers] = [*servers, handlers]
    for process in processes:
        if process.has_died:
            process.kill()
            process.start()
            print(f"A process had died. It runs again, as {process.pid}.", flush=True)


def restart(servers: list[Server], handlers: Handlers) -> None:
    for server in servers:
        server.restart()
        print(f"Restarted {server.url()}, now process {server.pid}.", flush=True)
    handlers.restart()
    print("Restarted the handlers.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
