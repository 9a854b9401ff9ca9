"""Reads a large thread, many streams, and a page with few and with many kinds. Prints the seconds, as JSON.

    python -m bench.measures.threads ROUNDS COMMENTS STREAMS KINDS

The small thread is read before the large one is there, or both would be slow without their index.
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


def make_posts() -> list[StatusChange]:
    people = [User.objects.create_user(f"person{number}") for number in range(PEOPLE)]
    posts = [StatusChange.objects.create(user=person, text="Hello") for person in people]
    log.number()
    return posts


def comment(post: StatusChange, users: list[Any], count: int) -> None:
    """Make comments on the post, by these users in turn."""
    first, at = Event.objects.latest("pk").pk + 1, timezone.now()
    keys = range(first, first + count)
    with transaction.atomic():
        events = [{"id": pk, "user_id": users[pk % PEOPLE], "kind": "comment", "created_at": at} for pk in keys]
        insert("feed_event", events)
        insert("feed_comment", [{"event_ptr_id": pk, "thread_id": post.pk, "text": f"{pk}"} for pk in keys])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


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
    posts = make_posts()
    users = [post.user_id for post in posts]
    comment(posts[1], users, FEW)
    found = {"small thread": timed(f"/events/{posts[1].pk}/", rounds)}
    comment(posts[0], users, comments)
    names = [f"stream=thread:{post.pk}" for post in posts] + [f"stream=user:{name_of(post.user)}" for post in posts]
    found |= {
        "large thread": timed(f"/events/{posts[0].pk}/", rounds),
        "many streams": timed("/api/events/?" + "&".join(names[:streams]), rounds),
        "one stream": timed("/api/events/?stream=public", rounds),
        "few kinds": timed("/", rounds),
    }
    make_kinds(kinds)
    return found | {"many kinds": timed("/", rounds)}


def timed(path: str, rounds: int) -> list[float]:
    """Read once before, so the rows are cached."""
    seconds(path)
    return [seconds(path) for _ in range(rounds)]


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
