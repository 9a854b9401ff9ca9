"""Serves watchers of public events, and watchers of events for some audiences. Prints the seconds, as JSON.

    python -m bench.measures.audience_costs ROUNDS WATCHERS AUDIENCES EVENTS

Each watcher's user is in as many audiences. The hub's own parts serve them, without a network: it would hide the
difference. A frame is written as a whole websocket message.
"""

import asyncio
import json
import sys
import time
from typing import Any, cast

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from feed import log  # noqa: E402
from feed.connection.asgi import Connection  # noqa: E402
from feed.frames import encoding  # noqa: E402
from feed.frames.formats import Frame  # noqa: E402
from feed.hub.audiences import Audiences  # noqa: E402
from feed.hub.history import History  # noqa: E402
from feed.hub.scheduler import Scheduler  # noqa: E402
from feed.hub.sender import Sender  # noqa: E402
from feed.hub.subscriptions import Subscriptions  # noqa: E402
from feed.hub.tail import Tail  # noqa: E402
from feed.hub.watcher import Access, Watcher  # noqa: E402
from feed.models import StatusChange  # noqa: E402
from feed.streams import Audience  # noqa: E402

TEAMS = 1000
"""Audiences that there are."""


class Team(Audience):
    prefix = "team"


class Line(Connection):
    """A connection to nowhere."""

    sent = 0

    def write(self, frame: Frame) -> None:
        Line.sent += bool(frame.message)


class Hub:
    """The parts of a hub, without its tasks."""

    def __init__(self) -> None:
        unused = cast(Any, None)  # everybody's audiences are known, and nobody is behind
        audiences, self.tail = cast(Audiences, unused), Tail()
        self.scheduler = Scheduler(Sender(self.tail, cast(History, unused), audiences))
        self.subscriptions = Subscriptions(self.scheduler, audiences)
        state = log.number()
        self.tail.restart(state.epoch, state.head)

    def add(self, access: Access, stream: str = "public") -> None:
        watcher = Watcher(frozenset([stream]), "json", Line(cast(Any, None)), access=access, epoch=self.tail.epoch)
        watcher.advance(self.tail.head, self.tail.head)
        self.subscriptions.add(watcher)
        self.scheduler.add(watcher)

    def cycle(self) -> None:
        """Read what was posted, and serve all watchers that it concerns."""
        _, changes, _ = log.number_and_read(self.tail.head, 100)
        entries = encoding.load_encoded(changes, ["json"], 2**20)
        self.tail.append(entries, 1000, 2**24)
        self.subscriptions.notify(entries)
        self.scheduler._serve_batch(len(self.scheduler._queue))


def teams_of(watcher: int, audiences: int) -> frozenset[str]:
    """`team:0` for all, and others, each of which has as many users."""
    return frozenset(["public", "team:0", *(f"team:{1 + (watcher * audiences + n) % TEAMS}" for n in range(audiences))])


def seconds(hub: Hub, author: User, audiences: list[str]) -> tuple[float, int]:
    """The time that the hub takes for an event for each of these audiences, and how many frames it has sent."""
    taken, sent = 0.0, Line.sent
    for audience in audiences:
        StatusChange.objects.create(user=author, text="x" * 100, audience=audience)
        started = time.perf_counter()
        hub.cycle()
        taken += time.perf_counter() - started
    return taken, Line.sent - sent


async def main(rounds: int, watchers: int, audiences: int, events: int) -> dict[str, Any]:
    author, hub = User.objects.create_user("author"), Hub()
    for number in range(watchers):
        hub.add(Access(str(number), teams_of(number, audiences)))
    scenes = {
        "public": ["public"] * events,
        "one for all": ["team:0"] * events,
        "many": [f"team:{1 + number}" for number in range(events)],
    }
    seconds(hub, author, scenes["public"])
    return {name: [seconds(hub, author, scene) for _ in range(rounds)] for name, scene in scenes.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*map(int, sys.argv[1:])))))
