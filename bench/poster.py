"""A process that posts events and reports when each was committed.

    python -m bench.poster PUBLISHER ARGUMENTS...

PUBLISHER is a module of bench.publishers. The process prints `"ready"`, then reads one JSON command from each line of
stdin and prints one JSON answer for it:

    {"first": 0, "count": 500}                                    all these events in one transaction
    {"first": 0, "count": 500, "each": true}                      one transaction for each, as fast as possible
    {"first": 0, "count": 500, "each": true, "per_second": 20}    one transaction for each, 20 a second

The answer is the list of the commits' times (time.monotonic_ns()), one for each event.

Commands run as a request runs in an ASGI server, in a thread beside a running event loop, so the channel layer keeps
its connection to Redis. Without a loop `async_to_sync` opens a new connection for every event, which takes 4 ms.
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
    """Set up Django and make the publisher, with its user and its connections."""
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
    """Post each event at its own time, counted from the start, so a slow commit doesn't lower the rate."""
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
