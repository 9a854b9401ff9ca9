"""Starts and controls posting processes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults.programs.broken_doorbells import DoorbellName
from tests.support.databases import ROOT
from tests.support.processes import TIMEOUT, wait_until


class PostingProcess:
    """A process that posts through the ORM: see tests/faults/programs/posting.py.

    rate: actions a second; 0 for as many as possible. count: actions after which `run` ends.
    environment: names the database and the channel layer.
    """

    PROGRAM = "tests.faults.programs.posting"

    def __init__(
        self,
        name: str,
        folder: Path,
        environment: dict[str, str],
        *,
        rate: float = 0.0,
        count: int | None = None,
    ) -> None:
        self.name = name
        self._file = folder / f"{name}.jsonl"
        self._log = folder / f"{name}.log"
        self._runs = 0
        self._lines: list[dict[str, Any]] = []
        self._read = 0
        limit = [] if count is None else ["--count", str(count)]
        options = ["--rate", str(rate), *limit]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.PROGRAM, name, str(self._file), *options],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.is_running:
            self.kill()
        if self._process.stdin:
            self._process.stdin.close()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> Self:
        """Wait until it has its user and its thread."""
        self._wait(lambda: any("ready" in line for line in self.lines()), "ready")
        return self

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams of its user and its thread."""
        return f"user:{self.name}", f"thread:{self.ready['thread']}"

    @property
    def ready(self) -> dict[str, Any]:
        ready: dict[str, Any] = next(line["ready"] for line in self.lines() if "ready" in line)
        return ready

    def post_once(self) -> tuple[int, float]:
        """Post one status. Returns the key of its change, and the time of the commit (time.monotonic())."""
        before = len(self.commits())
        self._send("post")
        self._wait(lambda: len(self.commits()) > before, "done")
        return max(self.commits().items())

    def run(self) -> None:
        """Do random actions, until `count` are done or the next command comes."""
        self._runs += 1
        self._send("run")

    def use_doorbell(self, name: DoorbellName) -> None:
        """Ring with this doorbell from now on."""
        self._send(f"doorbell {name}")

    def pause(self) -> None:
        """End `run`."""
        self._send("pause")
        self.wait_done()

    def wait_done(self, timeout: float = TIMEOUT) -> None:
        """Wait until `run` has ended."""
        self._wait(lambda: sum("done" in line for line in self.lines()) == self._runs, "done", timeout)

    def finish(self) -> None:
        """End the process after its current action."""
        if self.is_running:
            self._process.communicate(timeout=TIMEOUT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(TIMEOUT)

    def wait_killed(self) -> None:
        """Wait until a signal has ended it."""
        wait_until(lambda: not self.is_running, f"{self.name} to be killed")
        assert self._process.returncode < 0, f"{self.name} was not killed:\n{self.log()}"

    # The record.

    def commits(self) -> dict[int, float]:
        """The keys of its committed changes, each with the time of the commit (time.monotonic())."""
        return {key: line["committed"] for line in self.lines() if "committed" in line for key in line["changes"]}

    def begun(self) -> dict[int, float]:
        """The keys of its committed changes, each with the time when the transaction began (time.monotonic())."""
        return {key: line["began"] for line in self.lines() if "committed" in line for key in line["changes"]}

    def failures(self) -> list[str]:
        return [line["failed"] for line in self.lines() if "failed" in line]

    def longest_ring(self) -> float:
        """The longest wait for the doorbell after a commit, in seconds."""
        return max((line["ringing"] for line in self.lines() if "ringing" in line), default=0.0)

    def lines(self) -> list[dict[str, Any]]:
        """The complete lines of the record. The last line may still be incomplete."""
        if self._file.exists():
            with self._file.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._lines += map(json.loads, whole.splitlines())
            self._read += len(whole)
        return self._lines

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _send(self, command: str) -> None:
        assert self._process.stdin
        print(command, file=self._process.stdin, flush=True)

    def _wait(self, condition: Callable[[], bool], what: str, timeout: float = TIMEOUT) -> None:
        def reached() -> bool:
            runs = self.is_running
            reached = condition()
            assert reached or runs, f"{self.name} has ended before it was {what}:\n{self.log()}"
            return reached

        wait_until(reached, f"{self.name} to be {what}", timeout)
