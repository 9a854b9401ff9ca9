"""What one core can write: servers without a framework that only copy each line to all websockets.

`raw-asyncio` is bench/servers/raw_asyncio.py and `raw-c` is bench/servers/raw.c. Both take two ports, one for the
watchers and one for the poster.
"""

import sys

from bench.compiled import compiled
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, LaunchContext, Peer, Plan
from tests.support.processes import free_port


def raw_asyncio(context: LaunchContext) -> Plan:
    return raw([sys.executable, "-m", "bench.servers.raw_asyncio"], context)


def raw_c(context: LaunchContext) -> Plan:
    return raw([str(compiled("servers/raw.c"))], context)


def raw(server: list[str], context: LaunchContext) -> Plan:
    posting = str(free_port())
    environment = django_environment(context, SITE)
    return Plan([*server, str(context.port), posting], ["lines", HOST, posting], environment)


PEERS = [Peer("raw-asyncio", "websocket", "/", raw_asyncio), Peer("raw-c", "websocket", "/", raw_c)]
