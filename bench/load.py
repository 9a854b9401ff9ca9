"""Runs many watchers in one C program, which needs far less CPU than the server."""

import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bench.compiled import compiled, folder
from bench.cores import LOAD, pinned

Protocol = Literal["websocket", "socketio", "sse"]
Times = NDArray[np.uint64]


class LoadError(Exception):
    """The load program didn't answer in time, ended, or gave another answer than expected."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What all watchers together have received.

    disordered: marks that came after a later one.
    lost: connections that have ended.
    """

    messages: int
    bytes: int
    disordered: int
    lost: int


class Load:
    """`watchers` clients of one server.

    path: what each client requests. %d in it is replaced by the client's number, starting at 1.
    events: the number of events in the whole run. Each has its number as a mark in its text.
    concurrency: how many clients connect at the same time.
    ready: "open" if a watcher is ready when its connection is open, "first" if when its first message has come.
    """

    def __init__(
        self,
        port: int,
        path: str,
        *,
        watchers: int,
        events: int,
        protocol: Protocol = "websocket",
        concurrency: int = 50,
        ready: Literal["open", "first"] = "first",
    ) -> None:
        self.watchers, self.events = watchers, events
        words: list[str | Path] = [
            compiled("load.c"),
            str(port),
            protocol,
            str(watchers),
            str(events),
            str(concurrency),
            ready,
            path,
        ]
        self._process = subprocess.Popen(
            pinned(words, LOAD), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._input.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ready(self, timeout: float = 60) -> float:
        """Wait for the watchers. Returns the seconds from the first connect until the last watcher was ready.

        Raises LoadError.
        """
        return int(self._answer("ready", timeout)[0]) / 1e9

    @contextmanager
    def expecting(self, first: int, count: int, timeout: float = 60, by: int | None = None) -> Iterator[None]:
        """At the end of the `with` block, wait until `by` watchers (default: all) have seen each of these events.

        Raises LoadError.
        """
        self._say(f"seen {first} {count} {self.watchers if by is None else by}")
        yield
        self._answer("seen", timeout)

    def times(self) -> Times:
        """When each watcher saw each event, as time.monotonic_ns(), or 0 if it didn't.

        One row for each watcher, one column for each event.
        """
        file = folder() / "times"
        self._say(f"write {file}")
        self._answer("written", 60)
        return np.fromfile(file, dtype=np.uint64).reshape(self.watchers, self.events)

    def counts(self) -> Counts:
        self._say("count")
        return Counts(*(int(number) for number in self._answer("count", 10)))

    def _say(self, line: str) -> None:
        self._input.write(line + "\n")
        self._input.flush()

    def _answer(self, word: str, timeout: float) -> list[str]:
        output = self._process.stdout
        assert output
        if not select.select([output], [], [], timeout)[0]:
            raise LoadError(f"The load program did not answer {word!r} within {timeout:.0f} s.")
        first, *rest = output.readline().split() or [""]
        if first != word:
            received = f"answered {first!r}" if first else "ended"
            raise LoadError(f"The load program {received} instead of answering {word!r}.")
        return rest

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin
        return self._process.stdin
