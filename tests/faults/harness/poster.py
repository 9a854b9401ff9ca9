"""Posting processes as those who start them see them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults.programs.bells import BellName
from tests.support.databases import ROOT
from tests.support.processes import PATIENCE, wait_until


class Poster:
    """A process that posts through the ORM, as tests/faults/programs/posting.py tells.

    rate: things a second, or 0 for as many as it can. count: of things, after which `run` is done.
    environment: whose database and channel layer it uses.
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
        """Until it has its user and its thread."""
        self._wait(lambda: any("ready" in line for line in self.lines()), "ready")
        return self

    @property
    def streams(self) -> tuple[str, ...]:
        """Its own streams."""
        return f"user:{self.name}", f"thread:{self.ready['thread']}"

    @property
    def ready(self) -> dict[str, Any]:
        ready: dict[str, Any] = next(line["ready"] for line in self.lines() if "ready" in line)
        return ready

    def once(self) -> tuple[int, float]:
        """Post one status; returns the key of its change, and when it has committed (time.monotonic())."""
        before = len(self.commits())
        self._say("once")
        self._wait(lambda: len(self.commits()) > before, "done")
        return max(self.commits().items())

    def run(self) -> None:
        """Do all sorts of things, until all of `count` are done or it is told to do something else."""
        self._runs += 1
        self._say("run")

    def ring(self, bell: BellName) -> None:
        """Ring in this way from now on."""
        self._say(f"bell {bell}")

    def rest(self) -> None:
        """End `run`."""
        self._say("rest")
        self.wait_done()

    def wait_done(self, patience: float = PATIENCE) -> None:
        """Until it does nothing more."""
        self._wait(lambda: sum("done" in line for line in self.lines()) == self._runs, "done", patience)

    def finish(self) -> None:
        """End it after what it is doing."""
        if self.is_running:
            self._process.communicate(timeout=PATIENCE)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)

    def wait_killed(self) -> None:
        """Until it has been ended by a signal."""
        wait_until(lambda: not self.is_running, f"{self.name} to be killed")
        assert self._process.returncode < 0, f"{self.name} was not killed:\n{self.log()}"

    # What it has written down.

    def commits(self) -> dict[int, float]:
        """The keys of the changes that it has committed, and when (time.monotonic())."""
        return {key: line["committed"] for line in self.lines() if "committed" in line for key in line["changes"]}

    def begun(self) -> dict[int, float]:
        """The keys of the changes that it has committed, and when their transactions began (time.monotonic())."""
        return {key: line["began"] for line in self.lines() if "committed" in line for key in line["changes"]}

    def failures(self) -> list[str]:
        return [line["failed"] for line in self.lines() if "failed" in line]

    def longest_ring(self) -> float:
        """Seconds that it had to wait after a commit, at most."""
        return max((line["ringing"] for line in self.lines() if "ringing" in line), default=0.0)

    def lines(self) -> list[dict[str, Any]]:
        """All that it has written; a last line that isn't there in full is left out."""
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

    def _say(self, command: str) -> None:
        assert self._process.stdin
        print(command, file=self._process.stdin, flush=True)

    def _wait(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        def reached() -> bool:
            runs = self.is_running
            reached = condition()
            assert reached or runs, f"{self.name} has ended before it was {what}:\n{self.log()}"
            return reached

        wait_until(reached, f"{self.name} to be {what}", patience)
