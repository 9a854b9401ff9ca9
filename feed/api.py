"""The HTTP API: snapshots of the feed, with the cursor from which the websocket continues."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Query, Schema
from ninja.errors import ValidationError

from feed import log, ratelimit, streams
from feed.access import not_shared, user_of
from feed.asyncapi.view import router as asyncapi
from feed.frames.describe import as_json
from feed.kinds.guard import is_outage
from feed.models import Event
from feed.outage import unavailable
from feed.refusals import Refusal
from feed.ticketing import router as tickets
from feed.tokens.requests import ANONYMOUS_TOO, ApiToken, need, with_token_headers

MAX_EVENTS = 200
STATUS = {4401: 401, 4403: 403, 4404: 404, 4429: 429, None: 503}
STREAMS_AS_ONE = 10
"""This many streams in a snapshot count as one more request."""

api = NinjaAPI(title="Rill", version="1", docs_url=None, urls_namespace="api", auth=ApiToken())
api.add_decorator(with_token_headers, mode="view")
api.add_router("/tickets/", tickets)
api.add_router("", asyncapi)


class EventOut(Schema):
    """An event. The fields of its kind stand beside these."""

    model_config = {"extra": "allow"}

    id: int
    kind: str
    user: str | None
    summary: str
    url: str | None
    audience: str
    created_at: str
    edited_at: str | None


class Snapshot(Schema):
    """The newest events of some streams, complete up to `position` at least."""

    log: str
    position: int
    events: list[EventOut]
    next: str | None


class ErrorOut(Schema):
    """Why a request is refused: a code for programs and a sentence for people."""

    code: str
    message: str


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    body = {"code": refusal.code, "message": refusal.message}
    response = JsonResponse(body, status=STATUS.get(refusal.close, 400))
    if refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


@api.exception_handler(ValidationError)
def refuse_values(request: HttpRequest, error: ValidationError) -> JsonResponse:
    reasons = (f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors)
    return JsonResponse({"code": "bad_request", "message": "; ".join(reasons)}, status=422)


@api.exception_handler(DatabaseError)
def refuse_in_outage(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    if not is_outage(error):
        raise error
    return unavailable(request, error)


@api.get(
    "/events/",
    response={200: Snapshot, (401, 403, 404, 422, 429, 503): ErrorOut},
    summary="A snapshot of the feed",
    openapi_extra=ANONYMOUS_TOO,
)
def list_events(
    request: HttpRequest,
    stream: Annotated[list[str] | None, Query()] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EVENTS)] = 50,
) -> Any:
    """The newest events, newest first. `next` is the URL of older ones. To follow the feed from here, open the
    websocket with `after` = `position` and `log` = `log`: the position was read before the events."""
    need(request, "read")
    wanted = streams.parse(stream or [])
    within_limit(request, len(wanted))
    state, events = read_snapshot(user_of(request), wanted, before, limit + 1)
    shown = events[:limit]
    older = _next(request, shown[-1].pk) if len(events) > limit else None
    # Encoded like the frames of the websocket. Ninja's schema would encode them a second time.
    encoded = [msgspec.Raw(as_json(event).encode()) for event in shown]
    body = {"log": state.epoch, "position": state.head, "events": encoded, "next": older}
    return not_shared(request, HttpResponse(msgspec.json.encode(body), content_type="application/json"))


def read_snapshot(user: object, wanted: frozenset[str], before: int | None, size: int) -> tuple[log.State, list[Event]]:
    """How far the log reached, and after that the newest events of these streams that the user may see. Raises
    Refusal."""
    state = log.state()
    # After the position: if they change from here on, the log says so.
    audiences = streams.audiences_of(user)
    streams.check(wanted, audiences)
    return state, streams.newest_for(user, Event.objects.with_users(), wanted, before, size, audiences)


def within_limit(request: HttpRequest, count: int) -> None:
    """Raise Refusal if the address has sent too many requests. A snapshot costs more the more streams it has."""
    limit = ratelimit.Limit("FEED_READ_LIMIT", (ratelimit.address(request),))
    if wait := ratelimit.hit(limit, amount=1 + count // STREAMS_AS_ONE):
        message = f"Too many requests. Try again in {ratelimit.humanize(wait)}."
        raise Refusal("too_many_requests", message, 4429, retry_after=wait)


def _next(request: HttpRequest, before: int) -> str:
    query = [(name, value) for name, values in request.GET.lists() for value in values if name != "before"]
    return f"{request.path}?{urlencode([*query, ('before', before)])}"
