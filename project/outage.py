"""The response while the database is unavailable: unreachable, full, read-only, or locked for too long.

This is an error handler of Django and not a middleware, because middleware too reads from the database: sessions and
users. Django calls the handler for exceptions in views and in any middleware.
"""

import logging
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from feed.kinds.guard import is_outage

RETRY_AFTER = 5
"""Seconds after which a client may try again."""
MESSAGE = "The database is unavailable. Nothing was saved. Try again in a moment."


def server_error(request: HttpRequest) -> HttpResponse:
    """The project's handler500: 503 in an outage, and 500 for any other error."""
    return unavailable(request) if is_outage(sys.exception()) else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's handler400: 503 in an outage, and 400 for any other error."""
    return unavailable(request) if is_outage(exception) else defaults.bad_request(request, exception)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The 503 as JSON or HTML, whichever the client asks for. Makes no query: it reads no session, user or messages."""
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"code": "unavailable", "message": MESSAGE}, status=503)
    else:
        response = HttpResponse(render_to_string("503.html", {"message": MESSAGE}), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def wants_json(request: HttpRequest) -> bool:
    accepted = request.get_preferred_type(["text/html", "application/json"])
    return request.path.startswith("/api/") or accepted == "application/json"


class OutageInOneLine(logging.Filter):
    """Logs an outage in one line without traceback, because until it is over every request logs the same."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if is_outage(error):
            record.msg = f"{record.getMessage()} ({' '.join(str(error).split())})"
            record.args, record.exc_info = (), None
        return True
