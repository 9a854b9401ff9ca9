"""Renders a plain page and Rill's in turn, and prints how many a second, as JSON.

    python -m bench.measures.reader ROUNDS SECONDS

It calls Django's handler with all middleware, and no HTTP server, whose cost is the same for both pages and would hide
the difference.
"""

import gc
import json
import sys
import time
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.handlers.base import BaseHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench.events import TEXT  # noqa: E402
from bench.measures.plain.models import PlainEvent, PlainStatus  # noqa: E402
from feed import log  # noqa: E402
from feed.models import Comment, StatusChange  # noqa: E402

PAGES = {"plain": "/plain/", "rill": "/"}
PEOPLE = 10

handler = BaseHandler()
handler.load_middleware()
requests = RequestFactory()


def prepare() -> str:
    """Make users with posts and comments, and the plain events. Returns the session key of a logged-in user."""
    with connection.schema_editor() as editor:
        editor.create_model(PlainEvent)
        editor.create_model(PlainStatus)
    for number in range(PEOPLE):
        person = User.objects.create_user(f"person{number}")
        for _ in range(2):
            status = StatusChange.objects.create(user=person, text=TEXT)
            Comment.objects.create(user=person, thread=status, text=TEXT)
        status.save()
    for number in range(5 * PEOPLE):
        PlainStatus._default_manager.create(user=person, kind="status_change", text=f"{number} {TEXT}")
    log.number()
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def get(path: str, session: str | None) -> HttpRequest:
    request = requests.get(path, SERVER_NAME="localhost")
    if session:
        request.COOKIES["sessionid"] = session
    return request


def show(path: str, session: str | None) -> int:
    """Render the page and return its size in bytes."""
    response: Any = handler.get_response(get(path, session))
    assert response.status_code == 200, response.status_code
    assert response.content.count(b"<article") == 30
    return len(response.content)


def rate(path: str, session: str | None, seconds: float) -> float:
    shown, started = 0, time.perf_counter()
    while (now := time.perf_counter()) < started + seconds:
        show(path, session)
        shown += 1
    return shown / (now - started)


def queries(path: str, session: str | None) -> int:
    with CaptureQueriesContext(connection) as captured:
        show(path, session)
    return len(captured)


def measured(session: str | None, rounds: int, seconds: float) -> dict[str, Any]:
    facts = {
        "bytes": {name: show(path, session) for name, path in PAGES.items()},
        "queries": {name: queries(path, session) for name, path in PAGES.items()},
    }
    rates = [{name: rate(path, session, seconds) for name, path in PAGES.items()} for _ in range(rounds)]
    return facts | {"rates": {name: [each[name] for each in rates] for name in PAGES}}


if __name__ == "__main__":
    rounds, seconds = int(sys.argv[1]), float(sys.argv[2])
    sessions = {"logged out": None, "logged in": prepare()}
    gc.collect()
    gc.freeze()  # as asgi.py does
    print(json.dumps({state: measured(session, rounds, seconds) for state, session in sessions.items()}))
