"""Counts the requests that a view answers, and their seconds."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any, TypeVar, cast

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from feed.counts import counts

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""Any other is counted as "other": a client can make up as many as it likes."""
STATUS: dict[type[Exception], int] = {Http404: 404, PermissionDenied: 403, BadRequest: 400, SuspiciousOperation: 400}
"""What Django answers if a view raises."""


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def counted(view: View) -> View:
    @wraps(view)
    def timed(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        started, status = perf_counter(), 500
        try:
            response = view(request, *args, **kwargs)
            status = response.status_code
        except tuple(STATUS) as error:
            status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
            raise
        else:
            return response
        finally:
            counts.page(key_of(request, status), perf_counter() - started)

    return cast(View, timed)


def key_of(request: HttpRequest, status: int) -> tuple[str, str, int]:
    method = request.method if request.method in METHODS else "other"
    route = request.resolver_match.route if request.resolver_match else ""  # none if a test calls the view itself
    return str(method), route, status
