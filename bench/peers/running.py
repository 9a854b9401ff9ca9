"""Runs the server process of a peer, and its poster."""

import http.client
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from bench import cores
from bench.peers.peer import HOST, LaunchContext, Peer, Plan, max_open_files
from bench.services import Services
from tests.support.databases import ROOT
from tests.support.processes import TIMEOUT, free_port, temporary_folder, wait_until


class Poster:
    """Starts `python -m bench.poster` and gives it commands."""

    def __init__(self, plan: Plan, log: Path) -> None:
        self._log = log
        self._ready = False
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                cores.pinned([sys.executable, "-m", "bench.poster", *plan.publisher], cores.LOAD),
                cwd=ROOT,
                env=dict(plan.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )

    def __enter__(self) -> Self:
        """The process starts in the background. The first command waits until it is ready."""
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def burst(self, first: int, count: int) -> list[int]:
        """Post `count` events in one transaction. Returns the time of the commit for each (time.monotonic_ns())."""
        return self._ask(first=first, count=count)

    def stream(self, first: int, count: int, per_second: float | None = None) -> list[int]:
        """Post each event in its own transaction, `per_second` of them a second, or as fast as possible."""
        return self._ask(first=first, count=count, each=True, per_second=per_second)

    def _ask(self, **command: Any) -> list[int]:
        assert self._process.stdin
        if not self._ready:
            self._ready = self._answer() == "ready"
        print(json.dumps(command), file=self._process.stdin, flush=True)
        answer: list[int] = self._answer()
        return answer

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The poster ended without an answer. Its log:\n{self._log.read_text(errors='replace')}")
        return json.loads(line)


@dataclass(frozen=True)
class Running:
    """A server that answers at 127.0.0.1:port."""

    peer: Peer
    port: int
    pid: int
    plan: Plan
    folder: Path

    def processes(self) -> list[psutil.Process]:
        """All processes of the server. nginx, for one, has two."""
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]

    def poster(self) -> Poster:
        """A poster to enter with `with`, at most one at a time."""
        assert self.plan.publisher, f"{self.peer.name} has no poster."
        return Poster(self.plan, self.folder / "poster.log")

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@contextmanager
def serving(peer: Peer, services: Services) -> Iterator[Running]:
    """Start the peer's server on its core, wait until it answers, and stop it afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        port = free_port()
        plan = peer.plan(LaunchContext(port, folder, services, stack))
        process = start(plan, folder / "log")
        running = Running(peer, port, process.pid, plan, folder)
        try:
            wait_until(lambda: is_answering(process, running), f"{peer.name} to answer")
            yield running
        except BaseException as error:
            error.add_note(f"The log of {peer.name}:\n{running.log() or '(empty)'}")
            raise
        finally:
            stop(process, running)


def start(plan: Plan, log: Path) -> "subprocess.Popen[bytes]":
    resource.setrlimit(resource.RLIMIT_NOFILE, (max_open_files(), max_open_files()))
    with log.open("ab") as file:
        return subprocess.Popen(
            cores.pinned(plan.command, cores.SERVER),
            cwd=ROOT,
            env=dict(plan.environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def is_answering(process: "subprocess.Popen[bytes]", running: Running) -> bool:
    """Whether the server answers a plain request, with any status."""
    if process.poll() is not None:
        raise RuntimeError(f"{running.peer.name} ended instead of answering.")
    connection = http.client.HTTPConnection(HOST, running.port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def stop(process: "subprocess.Popen[bytes]", running: Running) -> None:
    """Kill the server's processes. It has no watchers any more."""
    if process.poll() is not None:
        return
    for one in running.processes():
        one.kill()
    process.wait(TIMEOUT)
