"""Counts the requests that a view answers, and their seconds."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any, TypeVar, cast

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from feed.counts import counts

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""Any other is counted as "other": a client can make up as many as it likes."""
STATUS: dict[type[BaseException], int] = {
    Http404: 404,
    PermissionDenied: 403,
    BadRequest: 400,
    SuspiciousOperation: 400,
    BaseException: 500,
}
"""What Django answers if a view raises."""

Response = TypeVar("Response", bound=HttpResponseBase)
View = TypeVar("View", bound=Callable[..., Any])


class Answer:
    """One request, from the beginning of the view to its end."""

    def __init__(self, request: HttpRequest) -> None:
        self._request, self._status, self._begun = request, 200, perf_counter()

    def given(self, response: Response) -> Response:
        self._status = response.status_code
        return response

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error:
            self._status = next(status for each, status in STATUS.items() if isinstance(error, each))
        counts.page(key_of(self._request, self._status), perf_counter() - self._begun)


def counted(view: View) -> View:
    """Decorator of a view, synchronous or not."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: Any, **kwargs: Any) -> Any:
        with Answer(request) as answer:
            return answer.given(view(request, *args, **kwargs))

    @wraps(view)
    async def answered_later(request: HttpRequest, /, *args: Any, **kwargs: Any) -> Any:
        with Answer(request) as answer:
            return answer.given(await view(request, *args, **kwargs))

    return cast("View", answered_later if iscoroutinefunction(view) else answered)


def key_of(request: HttpRequest, status: int) -> tuple[str, str, int]:
    method = request.method if request.method in METHODS else "other"
    route = request.resolver_match.route if request.resolver_match else ""  # none if a test calls the view itself
    return str(method), route, status
