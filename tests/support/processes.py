"""What is needed to start a process: a program, a port, a folder, a user, and a way to wait for it."""

import os
import pwd
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

Command = Sequence[str | Path]
TIMEOUT = 60.0
"""Seconds after which a wait has failed."""


def find(name: str) -> Path:
    """The program from PATH, or from Debian's folders for PostgreSQL, newest version first."""
    debian = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    found = shutil.which(name) or max(debian, key=lambda path: float(path.parts[4]), default=None)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed")
    return Path(found)


def free_port() -> int:
    """A free port below the kernel's ephemeral ports.

    With an ephemeral port, a client that tries to reach a killed server can get the server's own port, connect to
    itself, and keep the server from starting again. Each worker of pytest-xdist has its own ports, because two could
    otherwise find the same port free.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = random.randrange(15_000 + worker, 32_000, workers)  # noqa: S311 (no secret)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def unprivileged_user() -> str | None:
    """The user to run PostgreSQL as, which refuses to run as root. None for the current user."""
    if os.geteuid() != 0:
        return None
    return next(name for name in ("postgres", "nobody") if exists(name))


def exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


class Identity(TypedDict, total=False):
    """Arguments of subprocess.Popen."""

    user: str
    group: int
    extra_groups: list[int]


def as_user(name: str | None) -> Identity:
    return {} if name is None else {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


@contextmanager
def temporary_folder(owner: str | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rill-", ignore_cleanup_errors=True) as name:
        if owner is not None:
            os.chown(name, pwd.getpwnam(owner).pw_uid, pwd.getpwnam(owner).pw_gid)
        yield Path(name)


def wait_until(condition: Callable[[], bool], what: str, timeout: float = TIMEOUT) -> None:
    """Wait for the condition. Raises TimeoutError, which names `what` was waited for."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {timeout:.0f} s for {what}.")
        time.sleep(0.02)
