"""Reads a large thread, many streams, and a page with few and with many kinds. Prints the seconds, as JSON.

    python -m bench.measures.threads ROUNDS COMMENTS STREAMS KINDS

Beside the large thread there is one of a hundred comments, and beside the many streams there is the one of all events.
Each page is read once before it is timed, so its rows are cached.
"""

import json
import sys
import time
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.measures.filling import insert  # noqa: E402
from feed import log  # noqa: E402
from feed.models import Event, StatusChange  # noqa: E402
from feed.people import name_of  # noqa: E402

PEOPLE = 50
FEW = 100
"""Comments of a small thread: more than a page shows."""
client = Client(SERVER_NAME="localhost")


def fill(comments: int) -> list[StatusChange]:
    """Make posts, and comments that belong to the first one, but for a few of the second. Returns the posts."""
    people = [User.objects.create_user(f"person{number}") for number in range(PEOPLE)]
    posts = [StatusChange.objects.create(user=person, text="Hello") for person in people]
    log.number()
    first, at = posts[-1].pk + 1, timezone.now()
    keys = range(first, first + comments + FEW)
    with transaction.atomic():
        events = [{"id": pk, "user_id": people[pk % PEOPLE].pk, "kind": "comment", "created_at": at} for pk in keys]
        insert("feed_event", events)
        few = set(keys[:: len(keys) // FEW][:FEW])
        threads = {pk: posts[pk in few].pk for pk in keys}
        insert("feed_comment", [{"event_ptr_id": pk, "thread_id": threads[pk], "text": f"{pk}"} for pk in keys])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return posts


def seconds(path: str) -> float:
    started = time.perf_counter()
    response = client.get(path)
    taken = time.perf_counter() - started
    assert response.status_code == 200, response.status_code
    return taken


def make_kinds(count: int) -> None:
    made = []
    for number in range(count):
        meta = type("Meta", (), {"app_label": "plain"})
        made.append(
            type(f"Kind{number}", (Event,), {"__module__": __name__, "Meta": meta, "value": models.IntegerField()})
        )
    with connection.schema_editor() as editor:
        for kind in made:
            editor.create_model(kind)


def main(rounds: int, comments: int, streams: int, kinds: int) -> dict[str, Any]:
    posts = fill(comments)
    names = [f"stream=thread:{post.pk}" for post in posts] + [f"stream=user:{name_of(post.user)}" for post in posts]
    paths = {
        "large thread": f"/events/{posts[0].pk}/",
        "small thread": f"/events/{posts[1].pk}/",
        "many streams": "/api/events/?" + "&".join(names[:streams]),
        "one stream": "/api/events/?stream=public",
        "few kinds": "/",
    }
    for path in paths.values():
        seconds(path)
    each_round = [{what: seconds(path) for what, path in paths.items()} for _ in range(rounds)]
    found = {what: [each[what] for each in each_round] for what in paths}
    make_kinds(kinds)
    seconds("/")
    return found | {"many kinds": [seconds("/") for _ in range(rounds)]}


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
