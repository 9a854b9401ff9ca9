"""Does the same for each event by a handler and by a plain loop, in turn. Prints how many a second, as JSON.

    python -m bench.measures.handling ROUNDS EVENTS

The loop is what an author writes first: it reads the table after the last key that it has seen, and keeps that key in a
row of the same transaction. It knows nothing of edits and deletions, of transactions that commit late, and of failures.
"""

import json
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from django.db import transaction  # noqa: E402

from bench.measures.filling import fill  # noqa: E402
from feed.handler_tables import HandlerCursor  # noqa: E402
from feed.handlers import HandledChange, Handler, catch_up  # noqa: E402
from feed.handlers.steps import CALLS  # noqa: E402
from feed.models import StatusChange  # noqa: E402


def effect(event: StatusChange) -> None:
    Group.objects.create(name=str(event.pk))


def handle(change: HandledChange) -> None:
    effect(change.event)


HANDLER = Handler("measured", frozenset(["kind:status_change"]), handle, from_start=True)


def by_handler() -> None:
    HandlerCursor.objects.update_or_create(name="measured", defaults={"position": 0})
    catch_up(HANDLER)


def by_loop() -> None:
    place, _ = Group.objects.get_or_create(name="place 0")
    last, events = 0, list(StatusChange.objects.order_by("pk").select_related("user")[:CALLS])
    while events:
        with transaction.atomic():
            for event in events:
                effect(event)
            last = events[-1].pk
            Group.objects.filter(pk=place.pk).update(name=f"place {last}")
        events = list(StatusChange.objects.filter(pk__gt=last).order_by("pk").select_related("user")[:CALLS])


WAYS: dict[str, Callable[[], None]] = {"handler": by_handler, "loop": by_loop}


def rate(way: Callable[[], None], events: int) -> float:
    Group.objects.all().delete()
    started = time.perf_counter()
    way()
    taken = time.perf_counter() - started
    assert Group.objects.exclude(name__startswith="place").count() == events
    return events / taken


def main(rounds: int, events: int) -> dict[str, list[float]]:
    fill(events)
    catch_up(HANDLER)  # the first round warms up
    rates = [(name, rate(way, events)) for _ in range(rounds) for name, way in WAYS.items()]
    return {name: [each for other, each in rates if other == name] for name in WAYS}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
