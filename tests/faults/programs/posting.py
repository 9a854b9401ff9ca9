"""A process that posts, edits and deletes through the ORM, and records what it has committed.

    python -m tests.faults.programs.posting NAME FILE [--rate N] [--count N]

Each line on stdin is a command:

    post             post one status
    run              do random actions until the next command, or until --count are done
    pause            do nothing
    doorbell NAME    ring with this doorbell from now on

At the end of stdin the process ends. Each line in FILE is JSON, and is written at once, so it survives a kill:

    {"ready": {"user": …, "thread": …, "session": …}}   it has its user, and an event to comment on
    {"began": …, "committed": …, "changes": […]}   time.monotonic() before the transaction and after its commit, and
                                       the keys of its changes
    {"took": …, "ringing": …}          seconds for the action, and those of them after the commit
    {"failed": …}                      why an action failed; it may have committed all the same
    {"done": …}                        the number of actions since `run`
"""

import argparse
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

# Only now: these need the apps to be loaded.
from channels.layers import channel_layers, get_channel_layer  # noqa: E402

from tests.faults.harness.author import Author  # noqa: E402
from tests.faults.programs.broken_doorbells import DOORBELLS  # noqa: E402


def run(author: Author, rate: float, count: int | None, stop: Callable[[], bool]) -> int:
    """Do random actions, `rate` a second if it isn't 0, until all are done or the next command has come."""
    begun, done = time.monotonic(), 0
    while not stop() and (count is None or done < count):
        author.act_at_random()
        done += 1
        if rate:
            time.sleep(max(0.0, begun + done / rate - time.monotonic()))
    return done


def listen(commands: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        commands.put(line.strip())
    commands.put("")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("file")
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--count", type=int)
    given = parser.parse_args()
    file = os.open(given.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def record(**line: Any) -> None:
        os.write(file, json.dumps(line).encode() + b"\n")

    commands: queue.Queue[str] = queue.Queue()
    threading.Thread(target=listen, args=[commands], daemon=True).start()
    author = Author(given.name, record)
    author.begin()
    layer = get_channel_layer()
    while command := commands.get():
        match command.split():
            case ["doorbell", name]:
                channel_layers.set("default", DOORBELLS[name](layer))
            case ["post"]:
                author.post_once()
            case ["run"]:
                record(done=run(author, given.rate, given.count, lambda: not commands.empty()))


main()
