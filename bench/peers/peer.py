"""What a peer is, and what it needs to run."""

import resource
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.compiled import Missing
from bench.services import Services

HOST = "127.0.0.1"

Protocol = Literal["websocket", "socketio", "sse"]
Ready = Literal["open", "first"]


@dataclass(frozen=True)
class LaunchContext:
    """What a peer is given to make its plan with. What it enters into `stack` is left when the server has ended."""

    port: int
    folder: Path
    services: Services
    stack: ExitStack


@dataclass(frozen=True)
class Plan:
    """How a server is started, and who posts: the arguments of `python -m bench.poster`, or none if nobody does."""

    command: Sequence[str]
    publisher: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A server under measurement. `path` is what a watcher connects to, and `protocol` how it is spoken to.

    It is sure to be sent what comes from now on when its connection is open, or else with its first message: `ready`.
    """

    name: str
    protocol: Protocol
    path: str
    plan: Callable[[LaunchContext], Plan]
    ready: Ready = "open"


def max_open_files() -> int:
    """How many sockets a process of ours may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def program(name: str) -> str:
    """Its path. Raises Missing."""
    for folder in (None, "/usr/sbin:/sbin"):  # where Debian has nginx, and a plain user doesn't look
        if found := shutil.which(name, path=folder):
            return found
    raise Missing(f"{name} is not installed.")
