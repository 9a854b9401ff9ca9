"""The ASGI servers with a minimal application: what a connection costs by itself. There is no poster."""

import os
from functools import partial

from bench.peers import asgi
from bench.peers.peer import LaunchContext, Peer, Plan
from tests.support.servers import Kind


def bare(kind: Kind, context: LaunchContext) -> Plan:
    return Plan(asgi.command(kind, context, "bench.servers.bare:application"), environment=dict(os.environ))


PEERS = [Peer(f"bare-{kind}", "websocket", "/", partial(bare, kind), "first") for kind in asgi.KINDS]
