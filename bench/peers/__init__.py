"""The servers under measurement: Rill, its alternatives, and the fastest possible servers.

with running("rill-daphne", Services.from_environment()) as server:
    with server.poster() as poster:
        committed = poster.burst(0, 500)
"""

from contextlib import AbstractContextManager

from bench.compiled import Missing
from bench.peers import bare, django, javascript, nchan, raw
from bench.peers.peer import Peer, Protocol, Ready
from bench.peers.running import Poster, Running, serving
from bench.services import EMBEDDED, Services

MODULES = (django, javascript, nchan, raw, bare)
PEERS: dict[str, Peer] = {peer.name: peer for module in MODULES for peer in module.PEERS}


def running(name: str, services: Services) -> AbstractContextManager[Running]:
    """Start the server of this name on its core and a free port, and wait until it answers. Raises Missing."""
    return serving(PEERS[name], services)


__all__ = [
    "EMBEDDED",
    "MODULES",
    "PEERS",
    "Missing",
    "Peer",
    "Poster",
    "Protocol",
    "Ready",
    "Running",
    "Services",
    "running",
]
