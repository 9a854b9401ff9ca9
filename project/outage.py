"""Error handlers of Django that answer an outage of the database with 503.

The views of the feed do that by themselves. But middleware, too, reads from the database: sessions and users. Django
calls these handlers for exceptions in any view and any middleware.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from feed.kinds.guard import is_outage
from feed.outage import unavailable


def server_error(request: HttpRequest) -> HttpResponse:
    """The project's handler500: 503 in an outage, and 500 for any other error."""
    error = sys.exception()
    return unavailable(request, error) if error and is_outage(error) else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's handler400: 503 in an outage, and 400 for any other error."""
    return unavailable(request, exception) if is_outage(exception) else defaults.bad_request(request, exception)
