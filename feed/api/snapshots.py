"""Many events: the newest of some streams, and what has changed since."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from ninja import Query, Router

from feed import log, streams
from feed.access import not_shared, user_of
from feed.api.errors import ApiError
from feed.api.etags import conditional, json_response
from feed.api.limits import count_read
from feed.api.schemas import READ_ERRORS, Changes, ErrorOut, Reset, Snapshot
from feed.frames.describe import as_json
from feed.hub.polling import next_frame
from feed.models import Event
from feed.tokens.requests import ANONYMOUS_TOO, need

MAX_EVENTS = 200
STREAMS_AS_ONE = 10
"""This many streams count as one more request: a snapshot costs more the more streams it has."""

router = Router()


@router.get(
    "/",
    response={200: Snapshot | Changes | Reset, 304: None, READ_ERRORS: ErrorOut},
    summary="A snapshot of the feed, or what has changed since",
    openapi_extra=ANONYMOUS_TOO,
)
def list_events(
    request: HttpRequest,
    stream: Annotated[list[str] | None, Query()] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EVENTS)] = 50,
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    log: Annotated[str, Query(max_length=20)] = "",
) -> Any:
    """The newest events, newest first. `next` is the URL of older ones. To follow the feed from here, open the
    websocket with `after` = `position` and `log` = `log`: the position was read before the events. Or poll with them
    here: with `after`, the answer is one frame of the websocket, `changes` or `reset`."""
    need(request, "read")
    wanted = streams.parse(stream or [])
    count_read(request, amount=1 + len(wanted) // STREAMS_AS_ONE)
    body: str | bytes
    if after is None:
        body = snapshot(request, wanted, before, limit)
    elif before is None:
        body = read_changes(user_of(request), wanted, after, log)
    else:
        raise ApiError(400, "bad_request", "`before` is for snapshots, and `after` for what has changed since one.")
    return not_shared(request, conditional(request, json_response(body)))


def snapshot(request: HttpRequest, wanted: frozenset[str], before: int | None, limit: int) -> bytes:
    state, events = read_snapshot(user_of(request), wanted, before, limit + 1)
    shown = events[:limit]
    older = _next(request, shown[-1].pk) if len(events) > limit else None
    # Encoded like the frames of the websocket. Ninja's schema would encode them a second time.
    encoded = [msgspec.Raw(as_json(event).encode()) for event in shown]
    return msgspec.json.encode({"log": state.epoch, "position": state.head, "events": encoded, "next": older})


def read_snapshot(user: object, wanted: frozenset[str], before: int | None, size: int) -> tuple[log.State, list[Event]]:
    """How far the log reached, and after that the newest events of these streams that the user may see. Raises
    Refusal."""
    state = log.state()
    # After the position: if they change from here on, the log says so.
    audiences = streams.audiences_of(user)
    streams.check(wanted, audiences)
    return state, streams.newest_for(user, Event.objects.with_users(), wanted, before, size, audiences)


def read_changes(user: Any, wanted: frozenset[str], after: int, epoch: str = "") -> str:
    """The frame after the cursor `after` for a user who watches these streams. Raises Refusal."""
    is_known = user is not None and user.is_authenticated
    key = get_user_model()._meta.pk.value_to_string(user) if is_known else ""
    # A client that goes on must hear that its thread or user was deleted.
    check = streams.check_access if after else streams.check
    check(wanted, streams.audiences_of(user))
    return next_frame(key, wanted, after, epoch).text


def _next(request: HttpRequest, before: int) -> str:
    query = [(name, value) for name, values in request.GET.lists() for value in values if name != "before"]
    return f"{request.path}?{urlencode([*query, ('before', before)])}"
