"""One event: post it, load it, edit it, delete it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from feed import idempotency, writing
from feed.access import not_shared, own_event, user_of
from feed.api import limits, models, snapshots
from feed.api.bodies import Body
from feed.api.errors import ApiError
from feed.api.etags import check_match, conditional, json_response
from feed.api.schemas import READ_ERRORS, WRITE_ERRORS, ErrorOut, EventOut
from feed.frames.describe import as_json
from feed.kinds.loading import of_kinds
from feed.kinds.posted import edited_fields, postable_kinds
from feed.models import Event, Posted
from feed.refusals import Refusal
from feed.tokens.requests import ANONYMOUS_TOO, need

router = snapshots.router
ERRORS = {WRITE_ERRORS: ErrorOut}


@router.post("/", response={201: EventOut, **ERRORS}, summary="Post an event")
def post_event(request: HttpRequest) -> Any:
    """Post an event of any kind that takes posts (`GET /api/kinds/`), in your name. With an `Idempotency-Key` you may
    send the request again if the answer is lost: the event is posted once, and you get the first answer."""
    user = writer(request)
    body, key = Body.read(request), key_of(request)
    posted = find(user, key, body)
    if posted is None:
        event, names = models.new_event(wanted_kind(body), body, user)
        limits.count_write(request, user)
        posted = save(event, names, key, body)
    response = json_response(posted.answer or "", 201)
    response["Location"] = reverse("api:event", args=[posted.event_id])
    return not_shared(request, response)


@router.get(
    "/{int:pk}/",
    url_name="event",
    response={200: EventOut, 304: None, READ_ERRORS: ErrorOut},
    summary="One event",
    openapi_extra=ANONYMOUS_TOO,
)
def get_event(request: HttpRequest, pk: int) -> Any:
    """An event that you may see. Send its `ETag` as `If-None-Match`, and you get it only if it has changed."""
    need(request, "read")
    limits.count_read(request)
    event = get_object_or_404(Event.objects.visible_to(user_of(request)).with_users(), pk=pk)
    return not_shared(request, conditional(request, json_response(as_json(event))))


@router.patch("/{int:pk}/", response={200: EventOut, **ERRORS}, summary="Edit an event")
def edit_event(request: HttpRequest, pk: int) -> Any:
    """Change fields of your own event; those that you leave out stay. Send its `ETag` as `If-Match`, and you overwrite
    nothing that you haven't seen."""
    user = writer(request)
    body = Body.read(request)
    limits.count_write(request, user)
    with saving():
        event = own_event(user, pk, lock=True)
        check_match(request, as_json(event))
        if not edited_fields(type(event)):
            raise ApiError(403, "not_editable", f"Events of the kind {event.kind!r} can't be edited.")
        writing.change(event, models.new_values(event, body))
        answer = present(event)
    return not_shared(request, json_response(answer))


@router.delete("/{int:pk}/", response={204: None, READ_ERRORS: ErrorOut}, summary="Delete an event")
def delete_event(request: HttpRequest, pk: int) -> Any:
    """Delete your own event, with all that is about it. Moderators may delete those of others."""
    user = writer(request)
    limits.count_write(request, user)
    with saving():
        event = own_event(user, pk, lock=True, or_moderated=True)
        check_match(request, as_json(event))
        writing.delete(event, user)
    return HttpResponse(status=204)


def writer(request: HttpRequest) -> Any:
    """The user in whose name the request writes. Raises Refusal."""
    user = user_of(request)
    if not user.is_authenticated:
        raise Refusal("login_needed", "Send an access token: Authorization: Bearer rill_…", 4401)
    need(request, "post")
    limits.count_read(request)
    return user


def wanted_kind(body: Body) -> Any:
    name, open_kinds = body.values.get("kind"), postable_kinds()
    if isinstance(name, str) and name in open_kinds:
        return open_kinds[name]
    if isinstance(name, str) and name in Event.kinds():
        raise ApiError(403, "not_postable", f"Nobody can post events of the kind {name!r}.")
    raise ApiError(422, "invalid", f"kind: Must be one of {', '.join(sorted(open_kinds))}.")


def key_of(request: HttpRequest) -> str:
    """The idempotency key, "" for none. Raises ApiError."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    try:
        idempotency.well_formed(key)
    except ValidationError as error:
        raise ApiError(400, "bad_key", f"Idempotency-Key: {error.message}") from None
    return key


def find(user: Any, key: str, body: Body) -> Posted | None:
    """What was posted with this key already. Before anything else is checked: it may not be valid any more."""
    try:
        return idempotency.find(user.pk, key, body.digest())
    except idempotency.KeyReused:
        raise _reused() from None


def save(event: Event, names: list[str], key: str, body: Body) -> Posted:
    with saving():
        writing.check_new(event, names)
        try:
            return idempotency.save(event, key, body.digest(), present)
        except idempotency.KeyReused:
            raise _reused() from None


def _reused() -> ApiError:
    return ApiError(422, "used_key", "You have sent something else with this Idempotency-Key. Take a new one.")


def present(event: Event) -> str:
    """The event as the database has it now, as JSON."""
    return as_json(of_kinds([(event.kind, event.pk)]).get(event.pk, event))


@contextmanager
def saving() -> Iterator[None]:
    """A transaction. Raises ApiError if the database refuses values that the kind accepts."""
    try:
        with transaction.atomic():
            yield
    except (DataError, IntegrityError, OverflowError) as error:
        raise ApiError(422, "invalid", "The database can't hold these values.") from error
