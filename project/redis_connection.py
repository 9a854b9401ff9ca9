"""Reports broken connections to Redis."""

from typing import Any

from redis.asyncio import Connection
from redis.exceptions import ConnectionError


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
