"""What one core can write: servers without a framework, which do nothing but copy a line to all websockets.

`raw-asyncio` is bench/served/raw_asyncio.py and `raw-c` is bench/served/raw.c; both take the two ports, that of the
watchers and that of the poster.
"""

import sys

from bench.compiled import compiled
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, Peer, Plan, Stage
from tests.support.processes import free_port


def raw_asyncio(stage: Stage) -> Plan:
    return raw([sys.executable, "-m", "bench.served.raw_asyncio"], stage)


def raw_c(stage: Stage) -> Plan:
    return raw([str(compiled("served/raw.c"))], stage)


def raw(server: list[str], stage: Stage) -> Plan:
    posting = str(free_port())
    environment = django_environment(stage, SITE)
    return Plan([*server, str(stage.port), posting], ["lines", HOST, posting], environment)


PEERS = [Peer("raw-asyncio", "websocket", "/", raw_asyncio), Peer("raw-c", "websocket", "/", raw_c)]
