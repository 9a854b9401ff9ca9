"""Work that a hub does again and again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from django.db import Error as DatabaseError

logger = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    """Do the work every so many seconds. If it fails, it is done again the next time.

    name: what the log calls the work.
    """
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except DatabaseError as error:  # the poller logs what is wrong
            logger.debug("The %s has to wait for the database: %s", name, error)
        except Exception:
            logger.exception("The %s failed this time", name)
