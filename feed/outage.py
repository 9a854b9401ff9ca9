"""The response while the database is unavailable: unreachable, full, read-only, or locked for too long."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.log import log_response

from feed.rendering import rendered

RETRY_AFTER = 5
"""Seconds after which a client may try again."""
MESSAGE = "The database is unavailable. What you sent may not have been saved. Try again in a moment."


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The 503 as JSON or HTML, whichever the client asks for. Makes no query: it reads no session, user or messages.

    The page is the project's 503.html, if it has one.
    """
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"code": "unavailable", "message": MESSAGE}, status=503)
    else:
        response = HttpResponse(rendered(["503.html", "feed/503.html"], {"message": MESSAGE}), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    # In one line without traceback, because until it is over every request logs the same.
    reason = " ".join(str(error).split())
    log_response("%s: %s (%s)", response.reason_phrase, request.path, reason, response=response, request=request)
    return response


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json" or is_of_api(request)


def is_of_api(request: HttpRequest) -> bool:
    try:
        return request.path.startswith(reverse("api:api-root"))
    except NoReverseMatch:
        return False
