"""Serves watchers of `public`, and watchers of `home` who follow some authors each. Prints the seconds, as JSON.

python -m bench.measures.home_costs ROUNDS WATCHERS FOLLOWED EVENTS
"""

import asyncio
import json
import sys
import time
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from bench.measures.audience_costs import Hub, Line  # noqa: E402
from feed.hub.watcher import Access  # noqa: E402
from feed.models import StatusChange  # noqa: E402

AUTHORS = 1000


def following(watcher: int, followed: int) -> frozenset[str]:
    """`author0` is followed by all, and each of the others by as many."""
    others = (f"followers:author{1 + (watcher * followed + n) % (AUTHORS - 1)}" for n in range(followed - 1))
    return frozenset(["public", "followers:author0", *others])


def seconds(hub: Hub, authors: list[User]) -> tuple[float, int]:
    """The time that the hub takes for an event of each of these authors, and how many frames it has sent."""
    taken, sent = 0.0, Line.sent
    for author in authors:
        StatusChange.objects.create(user=author, text="x" * 100)
        started = time.perf_counter()
        hub.cycle()
        taken += time.perf_counter() - started
    return taken, Line.sent - sent


async def main(rounds: int, watchers: int, followed: int, events: int) -> dict[str, Any]:
    authors = User.objects.bulk_create(User(username=f"author{number}") for number in range(AUTHORS))
    found = dict[str, Any]()
    for stream in ("public", "home"):
        hub = Hub()
        for number in range(watchers):
            hub.add(Access(str(number), following(number, followed)), stream)
        one, many = [authors[0]] * events, authors[1 : 1 + events]
        seconds(hub, one)
        found[stream] = {
            name: [seconds(hub, who) for _ in range(rounds)] for name, who in (("one", one), ("many", many))
        }
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*map(int, sys.argv[1:])))))
