"""The ASGI servers, as docs/deployment.md runs them."""

import sys

from bench.peers.peer import Stage
from tests.servers import COMMANDS, Kind

KINDS: tuple[Kind, ...] = ("daphne", "uvicorn")
# Whatever else is installed: Rill's requirements bring neither uvloop nor httptools along.
PLAIN = {"daphne": [], "uvicorn": ["--loop", "asyncio", "--http", "h11"]}


def command(kind: Kind, stage: Stage, application: str) -> list[str]:
    module, *options = COMMANDS[kind]
    return [sys.executable, "-m", module, *options, *PLAIN[kind], "--port", str(stage.port), application]
