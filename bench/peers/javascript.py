"""The peers in Node: ws (https://github.com/websockets/ws) and Socket.IO (https://socket.io/docs/v4/).

Each is one process. It subscribes to a Redis channel and sends every message to all its clients. The packages are
installed once, from bench/servers/node/package-lock.json.
"""

import hashlib
import os
import subprocess
from functools import cache, partial
from pathlib import Path

from bench.compiled import Missing
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import LaunchContext, Peer, Plan, program

NODE = Path(__file__).parent.parent / "servers" / "node"
CHANNEL = "bench-feed"


def node(script: str, context: LaunchContext) -> Plan:
    executable, redis = program("node"), context.services.needed_redis()
    install()
    command = [executable, str(NODE / script), str(context.port), redis, CHANNEL]
    return Plan(command, ["pubsub", redis, CHANNEL], django_environment(context, SITE))


@cache
def install() -> None:
    """Run `npm ci`, unless the packages of this lock file are installed. Raises Missing."""
    stamp, wanted = NODE / "node_modules" / ".installed", hashlib.sha256((NODE / "package-lock.json").read_bytes())
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return
    command = [program("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=NODE, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"npm ci failed: {done.stderr.strip()}")
    stamp.write_text(wanted.hexdigest())


PEERS = [
    Peer("socketio", "socketio", "/socket.io/?EIO=4&transport=websocket", partial(node, "socketio.js"), "first"),
    Peer("ws", "websocket", "/", partial(node, "ws.js")),
]
