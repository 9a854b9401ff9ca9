"""Posts to a plain view and to the API in turn, and prints how many a second, as JSON.

    python -m bench.measures.writer ROUNDS SECONDS

It calls Django's handler with all middleware, and no HTTP server, whose cost is the same for both.
"""

import json
import sys
import time
from itertools import count
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.handlers.base import BaseHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402

from bench.events import TEXT  # noqa: E402
from bench.measures.plain.models import PlainEvent, PlainStatus  # noqa: E402

PATHS = {"plain": "/plain/events/", "rill": "/api/events/", "with key": "/api/events/"}
BODY = {"kind": "status_change", "text": TEXT}

settings.FEED_POST_LIMIT = settings.FEED_READ_LIMIT = "1000000/minute"
handler = BaseHandler()
handler.load_middleware()
requests = RequestFactory()
numbers = count()


def prepare() -> str:
    """Returns the session key of a logged-in user."""
    with connection.schema_editor() as editor:
        editor.create_model(PlainEvent)
        editor.create_model(PlainStatus)
    client = Client()
    client.force_login(User.objects.create_user("writer"))
    return client.cookies["sessionid"].value


def post(name: str, session: str) -> None:
    headers = {"Idempotency-Key": f"key-{next(numbers)}"} if name == "with key" else {}
    request: Any = requests.post(
        PATHS[name], BODY, content_type="application/json", SERVER_NAME="localhost", headers=headers
    )
    request.COOKIES["sessionid"] = session
    request._dont_enforce_csrf_checks = True
    response = handler.get_response(request)
    assert response.status_code == 201, response.status_code


def rate(name: str, session: str, seconds: float) -> float:
    posted, started = 0, time.perf_counter()
    while (now := time.perf_counter()) < started + seconds:
        post(name, session)
        posted += 1
    return posted / (now - started)


def main(rounds: int, seconds: float) -> dict[str, list[float]]:
    session = prepare()
    rates = [{name: rate(name, session, seconds) for name in PATHS} for _ in range(rounds + 1)]
    return {name: [each[name] for each in rates[1:]] for name in PATHS}  # the first round warms up


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]))))
