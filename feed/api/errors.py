"""All errors of the API have one shape: `{"code": "…", "message": "…"}`."""

from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.log import log_response
from ninja.errors import HttpError
from ninja.errors import ValidationError as ParametersInvalid

from feed.kinds.guard import is_outage
from feed.outage import is_of_api, unavailable
from feed.refusals import Refusal

MESSAGES = {
    400: ("bad_request", "The request can't be read."),
    403: ("not_yours", "You may not do that."),
    404: ("not_found", "There is nothing here, or nothing that you may see."),
    405: ("method_not_allowed", "This path doesn't take this method. The header Allow names those that it takes."),
    412: ("precondition_failed", "The header If-Match names another state than the present one."),
    413: ("too_large", "The request is too large."),
    500: ("server_error", "The server failed to answer. The error has been logged."),
}
EXCEPTIONS: list[tuple[type[Exception], int]] = [
    (Http404, 404),
    (PermissionDenied, 403),
    (RequestDataTooBig, 413),
    (SuspiciousOperation, 400),
    (BadRequest, 400),
    (UnreadablePostError, 400),
]


class ApiError(Refusal):
    """A refusal with a status that websockets have no close code for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status


def error_response(status: int, code: str = "", message: str = "") -> HttpResponse:
    usual = MESSAGES.get(status, ("error", HTTPStatus(status).phrase))
    return JsonResponse({"code": code or usual[0], "message": message or usual[1]}, status=status)


def response_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """The response to whatever was raised while a request of the API was answered."""
    if is_outage(error):
        return unavailable(request, error)
    if isinstance(error, Refusal):
        return refused(error)
    if isinstance(error, ParametersInvalid):
        return error_response(422, "bad_request", "; ".join(map(_of_parameter, error.errors)))
    if isinstance(error, ValidationError):
        return error_response(422, "invalid", described(error))
    if isinstance(error, HttpError):
        return error_response(error.status_code, message=str(error))
    found = (status for kind, status in EXCEPTIONS if isinstance(error, kind))
    status = next(found, None)
    return failed(request, error) if status is None else error_response(status)


def refused(refusal: Refusal) -> HttpResponse:
    response = error_response(refusal.status, refusal.code, refusal.message)
    if refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """500. Logged and signalled as Django does, so that a project's error reporting hears of it."""
    if settings.DEBUG_PROPAGATE_EXCEPTIONS:
        raise error
    got_request_exception.send(sender=None, request=request)
    response = error_response(500)
    log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request, exception=error)
    return response


def in_shape(response: HttpResponse) -> HttpResponse:
    """The response. An error of Django or of a library in another shape gets ours, and keeps its headers."""
    is_json = response.get("Content-Type", "").startswith("application/json")
    if response.status_code < 400 or is_json:
        return response
    shaped = error_response(response.status_code)
    for name in ("Allow", "ETag", "Retry-After"):
        if name in response:
            shaped[name] = response[name]
    return shaped


def for_api(request: HttpRequest, status: int) -> HttpResponse | None:
    """The response if the request is one to the API, else None. For a project's `handler400` and the like: Django calls
    them for errors outside of views, such as a request for another host."""
    return error_response(status) if is_of_api(request) else None


def described(error: ValidationError) -> str:
    """`text: This field cannot be blank.; service: …`"""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    found = error.message_dict.items()
    return "; ".join(" ".join(said) if name == "__all__" else f"{name}: {' '.join(said)}" for name, said in found)


def _of_parameter(error: dict[str, object]) -> str:
    where: tuple[object, ...] = error["loc"]  # type: ignore[assignment]
    return f"{'.'.join(map(str, where[1:]))}: {error['msg']}"
