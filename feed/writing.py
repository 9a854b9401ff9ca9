"""How users write events, whichever door they come through: a form of the pages, or the API."""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404

from feed import conversations, moderation, ratelimit
from feed.kinds.posted import leads_to_event, posted_fields
from feed.models import Event


def limit_of(user: Any) -> ratelimit.Limit:
    """All that a user writes counts together."""
    return ratelimit.Limit("FEED_POST_LIMIT", (str(user.pk),), "post")


def check_new(event: Event, names: Collection[str]) -> None:
    """Lock what the new event is about, and check the event, of which the user has given these fields. Raises
    ValidationError."""
    links = [field for field in posted_fields(type(event)) if leads_to_event(field)]
    for field in links:
        _lock_target(event, field)
    check(event, {*names, "audience"} - {field.name for field in links})


def _lock_target(event: Event, field: Any) -> None:
    if key := getattr(event, field.attname):
        try:
            target, _ = conversations.locked(conversations.about(event.user), key)
        except Http404:
            target = None
        if not isinstance(target, field.related_model):
            # The same for an event that is hidden from the user.
            raise ValidationError({field.name: f"There is no event {key} that this can be about."})


def change(event: Event, values: Mapping[str, Any]) -> bool:
    """Save these values of the event's fields, if its kind accepts them. Returns whether they are new. The event must
    be locked. Raises ValidationError."""
    changed = [name for name, value in values.items() if getattr(event, name) != value]
    for name in changed:
        setattr(event, name, values[name])
    if changed:
        check(event, changed)
        event.save(update_fields=changed)
    return bool(changed)


def check(event: Event, names: Collection[str]) -> None:
    """Check these fields of the event, and the event as a whole. Raises ValidationError."""
    event.clean_fields(exclude=[field.name for field in event._meta.fields if not _is_checked(event, field, names)])
    try:
        event.clean()
    except ValidationError as error:
        # The user may stay where they may not post any more.
        if "audience" in names or getattr(error, "code", None) != "not_yours":
            raise
    event.validate_unique()
    event.validate_constraints()


def _is_checked(event: Event, field: Any, names: Collection[str]) -> bool:
    """Fields that are NULL and may be aren't checked: `blank=False` is a rule for forms, not for programs."""
    return field.name in names and not (field.null and getattr(event, field.attname) is None)


def delete(event: Event, user: Any) -> None:
    moderation.record_deletion(user, event)
    event.delete()
