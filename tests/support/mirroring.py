"""Forks processes that run `manage.py mirror`, and kills one after the other with SIGKILL while they copy.

    python -m tests.support.mirroring URL TIMES

At the end it runs the command with --once. Forks, because a process that starts Python takes much longer to begin than
a mirror takes for all its work.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Sequence

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from feed.management.commands import mirror  # noqa: E402, F401 (so that each child has it)
from feed.mirror import writing  # noqa: E402
from feed.mirror.events import Json  # noqa: E402
from tests.support.handling.processes import ended, forked, started  # noqa: E402

LIFE = (0.0, 0.05)
"""Seconds from its first write after which a process is killed: within its transaction, or after it."""


def copy_and_tell(url: str, told: int) -> None:
    """told: a file descriptor, to which each write of events writes."""
    write = writing.write

    def write_and_tell(url: str, said: Sequence[Json]) -> None:
        os.write(told, b".")
        write(url, said)

    writing.write = write_and_tell
    call_command("mirror", url, stdout=sys.stderr)


def main(url: str, times: int) -> None:
    for _ in range(times):
        child = started(lambda told: copy_and_tell(url, told))
        time.sleep(random.uniform(*LIFE))  # noqa: S311
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL, "It has ended before it was killed."
    assert ended(forked(lambda: call_command("mirror", url, "--once", stdout=sys.stderr))) == 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
