"""What one core can write: servers without a framework, which do nothing but copy a line to all websockets.

`raw-asyncio` is bench/served/raw_asyncio.py and `raw-c` is bench/served/raw.c; both take the two ports, that of the
watchers and that of the poster.
"""

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, Missing, Peer, Plan, Stage, program
from tests.services import free_port

SOURCE = Path(__file__).parent.parent / "served" / "raw.c"


def raw_asyncio(stage: Stage) -> Plan:
    return raw([sys.executable, "-m", "bench.served.raw_asyncio"], stage)


def raw_c(stage: Stage) -> Plan:
    return raw([str(Path(compiled().name) / "raw")], stage)


def raw(server: list[str], stage: Stage) -> Plan:
    posting = str(free_port())
    environment = django_environment(stage, SITE)
    return Plan([*server, str(stage.port), posting], ["lines", HOST, posting], environment)


@cache
def compiled() -> "tempfile.TemporaryDirectory[str]":
    """The folder that the program is in, for as long as this process runs. Raises Missing."""
    folder = tempfile.TemporaryDirectory(prefix="rill-")
    command = [program("cc"), "-O2", "-o", f"{folder.name}/raw", str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"cc can't compile {SOURCE.name}: {done.stderr.strip()}")
    return folder


PEERS = [Peer("raw-asyncio", "websocket", "/", raw_asyncio), Peer("raw-c", "websocket", "/", raw_c)]
