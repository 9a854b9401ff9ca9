"""Programs that print, and run until they are ended."""

import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self, TextIO

from tests.support.databases import ROOT
from tests.support.processes import TIMEOUT


class Printing:
    """A program in a process of its own, and the lines that it prints on either output."""

    def __init__(self, command: Sequence[str | Path], **environment: str) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=inherited() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, args=[self._process.stdout], daemon=True)
        self._reading.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def wait_for(self, text: str, never: str = "GAP") -> str:
        """Wait for a line with this text. Returns it."""
        while text not in (line := self._lines.get(timeout=TIMEOUT)):
            assert never not in line
        return line

    def wait(self) -> int:
        return self._process.wait(TIMEOUT)

    def kill(self) -> None:
        self._process.kill()
        self.wait()

    def end(self) -> None:
        self._process.terminate()
        self.wait()
        self._reading.join(TIMEOUT)

    def _read(self, output: TextIO) -> None:
        with output:
            for line in output:
                self._lines.put(line)


def inherited() -> dict[str, str]:
    """This process's environment; Python finds the client in it."""
    return os.environ | {"PYTHONPATH": f"{ROOT / 'clients' / 'python'}:{ROOT}"}
