"""A process that posts events, and tells when each has been committed.

    python -m bench.poster PUBLISHER ARGUMENTS...

PUBLISHER is a module of bench.publishers. Each line on stdin is a command and each line on stdout its answer, in JSON:
`{"first": 0, "count": 500}` posts the events with these marks in one transaction; with `"each": true` in a transaction
each, as fast as they can be saved, or `"per_second": 20` of them a second. The answer is a list of the times at which
they were committed (time.monotonic_ns()). The first line, `"ready"`, comes without a command.

Commands are carried out as an ASGI server carries out a post: in a thread beside a running event loop. So a channel
layer keeps its connection to Redis; `async_to_sync` without a loop would open a new one for every event, 4 ms each.
"""

import asyncio
import json
import sys
import time
from importlib import import_module
from typing import Any

import django
from asgiref.sync import sync_to_async

from bench.publishers import Publisher


def load(name: str, *arguments: str) -> Publisher:
    """The publisher, with its user and its connections."""
    django.setup()
    publisher: Publisher = import_module(f"bench.publishers.{name}").publisher(*arguments)
    return publisher


def run_command(
    publisher: Publisher, first: int, count: int, each: bool = False, per_second: float | None = None
) -> list[int]:
    marks = range(first, first + count)
    if not each:
        return [publisher.commit(marks)] * count
    return stream(publisher, marks, per_second)


def stream(publisher: Publisher, marks: range, per_second: float | None) -> list[int]:
    """Each at its time, counted from the beginning: whoever is late once catches up."""
    started, committed = time.monotonic(), []
    for number, mark in enumerate(marks):
        if per_second is not None:
            time.sleep(max(0.0, started + number / per_second - time.monotonic()))
        committed.append(publisher.commit(range(mark, mark + 1)))
    return committed


def write_answer(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    publisher = await sync_to_async(load)(*sys.argv[1:])
    write_answer("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        command: dict[str, Any] = json.loads(line)
        write_answer(await sync_to_async(run_command)(publisher, **command))


if __name__ == "__main__":
    asyncio.run(main())
