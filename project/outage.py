"""Error handlers of Django that answer an outage of the database with 503, and programs with JSON.

The views of the feed and the API do that by themselves. But middleware, too, reads from the database (sessions and
users) and refuses requests. Django calls these handlers for exceptions in any view and any middleware.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from feed.api.errors import for_api
from feed.kinds.guard import is_outage
from feed.outage import unavailable


def server_error(request: HttpRequest) -> HttpResponse:
    """The project's handler500: 503 in an outage, and 500 for any other error."""
    error = sys.exception()
    if error and is_outage(error):
        return unavailable(request, error)
    return for_api(request, 500) or defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's handler400: 503 in an outage, and 400 for any other error."""
    if is_outage(exception):
        return unavailable(request, exception)
    return for_api(request, 400) or defaults.bad_request(request, exception)
