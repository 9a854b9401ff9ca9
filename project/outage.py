"""What is answered while the database can't be used: it is gone, full, read-only, or locked for too long.

As Django's handler for whatever nobody caught, and not as middleware: sessions and users are read in middleware,
too, and each layer of it turns what it raises into a response by this handler.
"""

import logging
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from feed.kinds.guard import is_outage

RETRY_AFTER = 5
"""Seconds after which a client may try again."""
MESSAGE = "The database can't be used just now. Nothing was saved. Try again in a moment."


def server_error(request: HttpRequest) -> HttpResponse:
    """The handler500 of the project: 503 in an outage, and 500 for all else."""
    return unavailable(request) if is_outage(sys.exception()) else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The handler400 of the project."""
    return unavailable(request) if is_outage(exception) else defaults.bad_request(request, exception)


def unavailable(request: HttpRequest) -> HttpResponse:
    """In the form that is asked for, and without a query: neither session nor user nor messages."""
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


class InOneLine(logging.Filter):
    """Takes the traceback away from what is logged of an outage: every request has the same, until it is over."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if is_outage(error):
            record.msg = f"{record.getMessage()} ({' '.join(str(error).split())})"
            record.args, record.exc_info = (), None
        return True
