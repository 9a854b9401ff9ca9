"""The connections to Redis. Imported only with REDIS_URL: redis-py takes a tenth of the time of a start."""

import socket
from typing import Any

from redis.asyncio import Connection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError, TimeoutError


class RedisConnection(Connection):
    """A connection that raises ConnectionError when it is broken.

    When the kernel gives up a connection (ETIMEDOUT, a TimeoutError), redis-py takes the error for "no message yet".
    Channels then reads again at once, for ever, and nothing else in the process gets to run.
    """

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        response = await super().read_response(*args, **kwargs)
        if response is None and self._reader is not None and self._reader.exception() is not None:
            await self.disconnect(nowait=True)
            raise ConnectionError("The connection to Redis is broken.")
        return response


def redis_host(url: str) -> dict[str, object]:
    """What channels-redis is told of the server: its address, and the arguments for redis-py."""
    return {
        "address": url,
        "retry": Retry(ExponentialBackoff(cap=0.2, base=0.02), 3),
        "retry_on_error": [ConnectionError, TimeoutError],
        **keepalive(url, seconds=10),
    }


def keepalive(url: str, seconds: int) -> dict[str, object]:
    """Arguments for redis-py that end a half-open connection after so many seconds.

    Contains only options that the operating system has. Unix sockets need none. Encrypted connections get none either,
    because redis-py uses a class of its own for them, which doesn't report a broken connection. The hub then hears no
    doorbell, and polls.
    """
    if not url.startswith("redis:"):
        return {}
    wanted = {
        "TCP_KEEPIDLE": seconds // 2,
        "TCP_KEEPINTVL": max(1, seconds // 6),
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": seconds * 1000,
    }
    options = {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
    return {"connection_class": RedisConnection, "socket_keepalive": True, "socket_keepalive_options": options}
