"""Numbers many waiting changes at once, and then single ones as a hub does. Prints the figures as JSON.

python -m bench.measures.numberer ROUNDS CHANGES POSTS
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, connections  # noqa: E402

from bench.measures.filling import fill  # noqa: E402
from feed import log  # noqa: E402
from feed.hub import Hub  # noqa: E402
from feed.hub.poller import LogPoller  # noqa: E402
from feed.log import Change, Log  # noqa: E402
from feed.models import StatusChange  # noqa: E402
from tests.feed.log.statements import numbers  # noqa: E402

TIMEOUT = 60


def many(rounds: int, changes: int) -> list[float]:
    """Seconds to number `changes` changes, for each round."""
    fill(changes, numbered=False)
    return [once() for _ in range(rounds)]


def once() -> float:
    Change.objects.update(position=None)
    Log.objects.update(head=0)
    started = time.perf_counter()
    log.number()
    return time.perf_counter() - started


class QueryCounter:
    """Counts the cycles of the hub's poller, their queries, and the transactions that give positions."""

    def __init__(self) -> None:
        self.cycles = self.queries = self.transactions = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        own: Any = LogPoller
        read = own._read

        def counted_query(execute: Any, statement: str, *rest: Any) -> Any:
            self.queries += 1
            self.transactions += numbers(statement)
            return execute(statement, *rest)

        def counted_cycle(*arguments: Any) -> Any:
            self.cycles += 1
            with connection.execute_wrapper(counted_query):
                return read(*arguments)

        own._read = counted_cycle
        try:
            yield
        finally:
            own._read = read


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110 (a hub signals only its watchers)
            await asyncio.sleep(0.005)


async def single(posts: int) -> dict[str, float]:
    """Post one event after the other, and count what a hub does to follow them."""
    counter = QueryCounter()
    user = await sync_to_async(User.objects.get)(username="filler")

    def post() -> None:
        for number in range(posts):
            StatusChange(user=user, text=str(number)).save()
        connections.close_all()

    hub = Hub()
    await until(lambda: hub.tail.head >= 0)
    started, head = time.perf_counter(), hub.tail.head
    with counter.counting():
        await sync_to_async(post)()
        await until(lambda: hub.tail.head >= head + posts)
    taken = time.perf_counter() - started
    await hub.close()
    return {
        "transactions": counter.transactions / counter.cycles,
        "queries": counter.queries / counter.cycles,
        "cycles": counter.cycles,
        "rate": posts / taken,
    }


if __name__ == "__main__":
    rounds, changes, posts = map(int, sys.argv[1:])
    print(json.dumps({"seconds": many(rounds, changes), "single": asyncio.run(single(posts))}))
