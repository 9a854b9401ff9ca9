"""The link to Redis."""

from typing import Any

from redis.asyncio import Connection
from redis.exceptions import ConnectionError


class Link(Connection):
    """Says so when it is broken.

    redis-py takes the error of a connection that the kernel gives up (ETIMEDOUT, a TimeoutError) for "nothing has
    come yet". Channels then asks again at once, for ever, and nothing else in the whole process ever has its turn.
    """

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        response = await super().read_response(*args, **kwargs)
        if response is None and self._reader is not None and self._reader.exception() is not None:
            await self.disconnect(nowait=True)
            raise ConnectionError("The link to Redis is broken.")
        return response
