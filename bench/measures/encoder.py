"""Encodes the fields of events with several libraries in turn, and prints the µs an event for each, as JSON.

python -m bench.measures.encoder ROUNDS LIBRARIES...
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

import msgspec  # noqa: E402
import orjson  # noqa: E402
from django.core.serializers.json import DjangoJSONEncoder  # noqa: E402

from bench.measures.filling import fill  # noqa: E402
from feed.frames.describe import describe  # noqa: E402
from feed.models import Event  # noqa: E402

EVENTS, TIMES = 200, 20

ENCODERS: dict[str, Callable[[Any], object]] = {
    "msgspec": msgspec.json.encode,
    "orjson": lambda fields: orjson.dumps(fields, default=str),
    "json": lambda fields: json.dumps(fields, cls=DjangoJSONEncoder),
}


def time_encoder(encode: Callable[[Any], object], events: list[dict[str, Any]]) -> float:
    """µs an event."""
    started = time.process_time()
    for _ in range(TIMES):
        for fields in events:
            encode(fields)
    return (time.process_time() - started) / TIMES / len(events) * 1e6


def main(rounds: int, names: list[str]) -> dict[str, list[float]]:
    fill(EVENTS)
    events = [describe(event) for event in Event.objects.with_users()]
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(time_encoder(ENCODERS[name], events))
    return found


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2:])))
