"""Fills the database with a long log, in few statements."""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from bench.events import TEXT
from feed.log import Log


def insert(table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[prepared(row[name]) for name in names] for row in rows])


def prepared(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def fill(count: int, numbered: bool = True) -> None:
    """Insert `count` events with one `created` change each. `numbered` gives the changes positions from 1."""
    user, at = User.objects.create_user("filler"), timezone.now()
    first, streams = 1000, json.dumps(["public", "user:filler", "kind:status_change"])
    events = range(first, first + count)
    common = {"user_id": user.pk, "kind": "status_change", "created_at": at}
    with transaction.atomic():
        Log.objects.get_or_create(pk=1)
        insert("feed_event", [{"id": pk, **common} for pk in events])
        insert("feed_statuschange", [{"event_ptr_id": pk, "text": f"{pk} {TEXT}"} for pk in events])
        change = {"action": "created", "kind": "status_change", "streams": streams, "at": at}
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM feed_change")
        positions = {"position": None} if not numbered else {}
        insert(
            "feed_change",
            [
                {"event_id": pk, **change, **(positions or {"position": number})}
                for number, pk in enumerate(events, start=1)
            ],
        )
        if numbered:
            Log.objects.update(head=count)
