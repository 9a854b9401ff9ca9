"""Saves plain events and Rill's in turn, and prints how many a second, as JSON.

    python -m bench.measures.saver THREADS ROUNDS SECONDS

Events are saved as in a request of an ASGI server, in threads beside a running event loop.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier

import django

django.setup()

from asgiref.sync import ThreadSensitiveContext, sync_to_async  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402

from bench.events import TEXT  # noqa: E402
from bench.measures.plain.models import PlainEvent, PlainStatus  # noqa: E402
from feed.models import StatusChange  # noqa: E402

Save = Callable[[User], None]


def plainly(user: User) -> None:
    with transaction.atomic():
        PlainStatus(user=user, kind="status_change", text=TEXT).save()


def by_rill(user: User) -> None:
    StatusChange(user=user, text=TEXT).save()


SAVES: dict[str, Save] = {"plain": plainly, "rill": by_rill}


def prepare() -> User:
    if PlainEvent._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(PlainEvent)
            editor.create_model(PlainStatus)
    return User.objects.get_or_create(username="saver")[0]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What all threads do at the same time. In each round they use each way of saving for `seconds`."""

    threads: int
    rounds: int
    seconds: float
    barrier: Barrier

    def run(self, user: User) -> list[float]:
        """Events that one thread saved a second, for each round and each way of saving."""
        try:
            return [self._rate(save, user) for _ in range(self.rounds) for save in SAVES.values()]
        finally:
            connections.close_all()

    def _rate(self, save: Save, user: User) -> float:
        self.barrier.wait()
        saved, started = 0, time.perf_counter()
        while (now := time.perf_counter()) < started + self.seconds:
            save(user)
            saved += 1
        return saved / (now - started)


async def thread(schedule: Schedule, user: User) -> list[float]:
    async with ThreadSensitiveContext():
        return await sync_to_async(schedule.run)(user)


async def main(threads: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    user = await sync_to_async(prepare)()
    schedule = Schedule(threads, rounds + 1, seconds, Barrier(threads))
    of_threads = await asyncio.gather(*(thread(schedule, user) for _ in range(threads)))
    rates = [sum(each) for each in zip(*of_threads, strict=True)][len(SAVES) :]  # the first round warms up
    return {name: rates[number :: len(SAVES)] for number, name in enumerate(SAVES)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))))
