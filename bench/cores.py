"""Which core does what: the measured server has one for itself, and everything else shares the other."""

import os
from collections.abc import Sequence
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
SERVER = CORES[0]
LOAD = CORES[-1]


def pinned(command: Sequence[str | Path], core: int) -> list[str]:
    """The command, so that it runs on this core alone; with one core in all it is left as it is."""
    words = [str(word) for word in command]
    return ["taskset", "--cpu-list", str(core), *words] if len(CORES) > 1 else words
