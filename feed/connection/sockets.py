"""Limits for the sockets and protocols of all servers.

A server writes until the kernel takes no more, and the kernel takes megabytes for each client. So the kernel is told to
call a socket full much earlier. What waits there is memory, too. And with a large buffer, half of which must be read
before the socket counts as writable, a slow client would look like one that doesn't read.
"""

import socket
from typing import Any

from feed.connection.budget import MAX_MESSAGE

MAX_UNSENT = 16 * 1024
"""Bytes that may wait for a client in the kernel, and again in the server's transport."""


def limit_unsent(client: Any) -> None:
    """Limit what the kernel takes for this socket, if it is a TCP socket and the kernel can."""
    if getattr(client, "family", None) in {socket.AF_INET, socket.AF_INET6} and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT)


def limit_messages(protocol: Any, name: str) -> None:
    """Make the protocol refuse larger messages (close code 1009), even if its server allows more.

    name: the protocol's attribute with its limit, if it has one.
    """
    limit = getattr(protocol, name, None)
    if isinstance(limit, int):
        setattr(protocol, name, min(limit or MAX_MESSAGE, MAX_MESSAGE))  # 0 means none to autobahn
