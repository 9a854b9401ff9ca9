"""Assigns the cores: the measured server has one for itself, and everything else shares another."""

import os
from collections.abc import Sequence
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
SERVER = CORES[0]
LOAD = CORES[-1]


def pinned(command: Sequence[str | Path], core: int) -> list[str]:
    """The command, pinned to this core. On a machine with a single core it is returned unchanged."""
    words = [str(word) for word in command]
    return ["taskset", "--cpu-list", str(core), *words] if len(CORES) > 1 else words
