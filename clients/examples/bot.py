"""A bot that answers each mention once, even if it is killed after it has answered and before it has saved its cursor.

pip install rill-client
RILL_TOKEN=$(manage.py token helper --scopes read,post) python bot.py http://localhost:8000 helper bot.json

bot.json keeps the cursor. Without it the bot begins now.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rill

KEYS_LAST = timedelta(hours=23)
"""The server remembers idempotency keys for a day."""


def mentions(update: rill.Update, name: str) -> Iterator[rill.Event]:
    """The events that mention the bot. After a reset it may have answered some already; the keys of old ones are gone,
    so these aren't answered."""
    if isinstance(update, rill.Snapshot):
        events = [event for event in reversed(update.events) if not is_old(event)]
    else:
        events = [change.event for change in update.changes if change.action != "deleted"]
    called = re.compile(rf"(?<!\w)@{re.escape(name)}(?!\w)", re.IGNORECASE)
    yield from (event for event in events if event["user"] != name and called.search(event.get("text") or ""))


def is_old(event: rill.Event) -> bool:
    return datetime.fromisoformat(event["created_at"]) < datetime.now(UTC) - KEYS_LAST


def answer(client: rill.Client, event: rill.Event) -> None:
    """Comment on the event. The key names it, so that a second try, even of another process, posts nothing."""
    words = len(event["text"].split())
    text = f"@{event['user']} I have read your {words} words."
    try:
        client.post("comment", thread=event["id"], text=text, idempotency_key=f"answer-{event['id']}")
    except rill.BadRequest as gone:  # the event has been deleted meanwhile
        print(f"Not answered: {gone}", file=sys.stderr)


def load(file: Path) -> rill.Cursor | None:
    return rill.Cursor(**json.loads(file.read_text())) if file.exists() else None


def store(file: Path, cursor: rill.Cursor) -> None:
    """Replace the file as a whole: half a file would be worse than an old one."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"position": cursor.position, "log": cursor.log}))
    new.replace(file)


def main(url: str, name: str, path: str) -> None:
    file = Path(path)
    with rill.Client(url, token=os.environ["RILL_TOKEN"]) as client:
        for update in client.follow([f"to:{name}"], after=load(file)):
            for event in mentions(update, name):
                answer(client, event)
            store(file, update.cursor)  # only now: what isn't answered yet comes again


if __name__ == "__main__":
    main(*sys.argv[1:])
