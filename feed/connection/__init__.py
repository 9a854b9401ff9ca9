"""The connection to one client: sends it frames, and stops reading and writing while it isn't reading.

ASGI has a `send`, and no flow control. uvicorn's `send` waits for a slow client, but uvicorn goes on answering the
client's pings. Daphne's `send` never waits: Daphne keeps in memory what the client doesn't read, and what the client
sends faster than it is received. Both servers build the same message anew for each client, which is most of the cost of
a frame. So there is a module here for each of them, which uses its transport directly. Under any other server, and with
compression, frames are sent by ASGI's `send`.
"""

from importlib.util import find_spec
from typing import Any

from feed.connection.asgi import Connection, Send
from feed.connection.streaming import StreamConnection
from feed.connection.uvicorn import UvicornConnection
from feed.connection.uvicorn_stream import UvicornStream
from feed.fast_path import FastPath

KNOWN: dict[type[Any], FastPath] = {
    UvicornConnection: FastPath("Frames are sent by uvicorn's own `send`, which has no flow control"),
}
STREAMS: dict[type[Any], FastPath] = {
    UvicornStream: FastPath("Server-sent events are sent by uvicorn's own `send`"),
}
if find_spec("twisted"):  # Daphne brings it
    from feed.connection.daphne import DaphneConnection
    from feed.connection.daphne_stream import DaphneStream

    KNOWN[DaphneConnection] = FastPath("Frames are sent by Daphne's own `send`, which has no flow control")
    STREAMS[DaphneStream] = FastPath("Server-sent events are sent by Daphne's own `send`, which has no flow control")


def connection_for(send: Send) -> Connection:
    """The connection of the websocket that the server's own `send` belongs to."""
    return _known(KNOWN, send) or Connection(send)


def stream_for(send: Send) -> Connection:
    """The connection of the response that the server's own `send` belongs to. It is the last one on its connection."""
    return _known(STREAMS, send) or StreamConnection(send)


def _known(kinds: dict[type[Any], FastPath], send: Send) -> Connection | None:
    for kind, fast_path in kinds.items():
        protocol = kind.protocol_of(send)
        if protocol is not None and fast_path.is_on:
            try:
                connection: Connection = kind(send, protocol)
            except FastPath.BREAKAGE as error:
                fast_path.turn_off(error)
            else:
                return connection
    return None
