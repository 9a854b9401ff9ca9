"""A process that loads the front page at a constant rate.

    python -m bench.visitor PORT PER_SECOND

It stops when its stdin ends, and prints how many pages it received a second.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Self

from bench.cores import LOAD, pinned
from tests.support.databases import ROOT

CONCURRENCY = 8


class Visitor:
    """Starts the process and reads its result."""

    def __init__(self, port: int, per_second: float) -> None:
        words = [sys.executable, "-m", "bench.visitor", str(port), str(per_second)]
        self._process = subprocess.Popen(
            pinned(words, LOAD), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._rate = 0.0

    def started(self) -> Self:
        assert self._process.stdout
        assert self._process.stdout.readline() == "started\n"
        return self

    def end(self) -> None:
        printed, _ = self._process.communicate("")
        self._rate = float(printed)

    def rate(self) -> float:
        """Pages that it received a second. Known after `end()`."""
        return self._rate


@contextmanager
def visiting(port: int, per_second: float) -> Iterator[Visitor]:
    visitor = Visitor(port, per_second).started()
    try:
        yield visitor
    finally:
        visitor.end()


def load(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    with connection.getresponse() as response:
        assert response.status == 200, response.status
        response.read()
    connection.close()


def main(port: int, per_second: float) -> None:
    ended = threading.Event()

    def read_until_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=read_until_end, daemon=True).start()
    started, shown = time.monotonic(), 0
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        load(port)
        print("started", flush=True)
        while not ended.wait(max(0.0, started + shown / per_second - time.monotonic())):
            threads.submit(load, port)
            shown += 1
        waiting = threads._work_queue.qsize()
    print((shown - waiting) / (time.monotonic() - started))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
