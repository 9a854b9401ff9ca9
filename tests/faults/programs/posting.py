"""A process that posts, edits and deletes through the ORM, as any program may, and writes down what it has committed.

    python -m tests.faults.programs.posting NAME FILE [--rate N] [--count N]

Each line on stdin is a command: `once` (post one status), `run` (do all sorts of things, until the next command, or
until --count are done), `rest`, `bell NAME` (ring in another way from now on). Without more of them it ends. Each line
in FILE is JSON, and written at once, so that what is in it stays although the process is killed:

    {"ready": {"user": …, "thread": …, "session": …}}   it has its user, and an event to comment on
    {"began": …, "committed": …, "changes": […]}   time.monotonic() right before a transaction and right after its
                                       commit, and the keys of its changes
    {"took": …, "ringing": …}          seconds that this took all in all, and after the commit
    {"failed": …}                      why something could not be done; whether it has committed is not known
    {"done": …}                        how many things were done since `run`
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
from tests.faults.programs.bells import BELLS  # noqa: E402


def run(author: Author, rate: float, count: int | None, told: Callable[[], bool]) -> int:
    """Do things, so many a second if `rate` isn't 0, until all are done, or it is told to do something else."""
    begun, done = time.monotonic(), 0
    while not told() and (count is None or done < count):
        author.something()
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
            case ["bell", bell]:
                channel_layers.set("default", BELLS[bell](layer))
            case ["once"]:
                author.once()
            case ["run"]:
                record(done=run(author, given.rate, given.count, lambda: not commands.empty()))


main()
