"""Entity tags: a client need not load again what it has, and doesn't overwrite what it hasn't seen.

The tag of an event stands for its state, and not for the bytes of a response: a response that is compressed on its way
has a weak tag (`W/"…"`), and that is good for `If-Match`, too.
"""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags, quote_etag

from feed.api.errors import ApiError


def etag_of(body: str | bytes) -> str:
    return quote_etag(sha256(body.encode() if isinstance(body, str) else body).hexdigest()[:32])


def json_response(body: str | bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json", headers={"ETag": etag_of(body)})


def conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response, or 304 without a body if the client has it already (`If-None-Match`)."""
    answer = get_conditional_response(request, response["ETag"], None, response)
    assert isinstance(answer, HttpResponse)
    return answer


def check_match(request: HttpRequest, body: str) -> None:
    """Raise ApiError if the client's `If-Match` names another state than this one. Without the header, anything may be
    overwritten."""
    if (header := request.headers.get("If-Match")) is None:
        return
    wanted = [tag.removeprefix("W/") for tag in parse_etags(header)]
    if wanted != ["*"] and etag_of(body) not in wanted:
        raise ApiError(412, "precondition_failed", "The event has changed since you have loaded it. Load it again.")
