"""Describes a peer: how it is started, and how watchers connect to it."""

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
    """What a peer makes its plan from. Context managers entered into `stack` are left after the server has stopped."""

    port: int
    folder: Path
    services: Services
    stack: ExitStack


@dataclass(frozen=True)
class Plan:
    """How to start a server and its poster.

    publisher: the arguments of `python -m bench.poster`, empty if the peer has no poster.
    """

    command: Sequence[str]
    publisher: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A server under measurement.

    path: what a watcher requests.
    ready: when a watcher is sure to get all further events: when its connection is open, or with its first message.
    """

    name: str
    protocol: Protocol
    path: str
    plan: Callable[[LaunchContext], Plan]
    ready: Ready = "open"


def max_open_files() -> int:
    """The hard limit of open files, sockets included, for a process."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def program(name: str) -> str:
    """The path of the program. Raises Missing."""
    for folder in (None, "/usr/sbin:/sbin"):  # Debian's nginx is there, which isn't in a plain user's PATH
        if found := shutil.which(name, path=folder):
            return found
    raise Missing(f"{name} is not installed.")
