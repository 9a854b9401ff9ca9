"""The file by which a command finds the cluster that runs, and sees that it has restarted its processes."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from tests.support.processes import wait_until

RESTART = signal.SIGUSR1
RESTART_TIMEOUT = 300.0
"""Seconds. Each process takes a few."""


class State(TypedDict):
    pid: int
    restarts: int


@contextmanager
def announced(file: Path) -> Iterator[None]:
    file.parent.mkdir(exist_ok=True)
    write(file, {"pid": os.getpid(), "restarts": 0})
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def count_restart(file: Path) -> None:
    state = read(file)
    write(file, {**state, "restarts": state["restarts"] + 1})


def restart(file: Path) -> str | None:
    """Let the cluster restart its processes, and wait for it. Returns what went wrong."""
    try:
        before = read(file)
        os.kill(before["pid"], RESTART)
    except (FileNotFoundError, ProcessLookupError):
        return "No cluster runs. Start it with script/cluster."
    try:
        wait_until(lambda: read(file)["restarts"] > before["restarts"], "the processes to restart", RESTART_TIMEOUT)
    except FileNotFoundError:
        return "The cluster has ended. Its terminal says why."
    return None


def read(file: Path) -> State:
    state: State = json.loads(file.read_text())
    return state


def write(file: Path, state: State) -> None:
    """In one step, because another process reads it meanwhile."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(state))
    new.replace(file)
