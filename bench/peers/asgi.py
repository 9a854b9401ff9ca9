"""The ASGI servers, started as docs/running.md says."""

import sys

from bench.peers.peer import HOST, LaunchContext
from project.serve import BACKLOG
from tests.support.servers import COMMANDS, Kind

KINDS: tuple[Kind, ...] = ("daphne", "uvicorn")


def command(kind: Kind, context: LaunchContext, application: str) -> list[str]:
    return [sys.executable, "-m", *{"daphne": daphne, "uvicorn": uvicorn}[kind](context.port), application]


def daphne(port: int) -> list[str]:
    return ["daphne", "--verbosity", "0", "--endpoint", f"tcp:port={port}:interface={HOST}:backlog={BACKLOG}"]


def uvicorn(port: int) -> list[str]:
    # Not httptools, even where it is installed: it isn't among Rill's requirements.
    return [*COMMANDS["uvicorn"], "--http", "h11", "--host", HOST, "--port", str(port)]
