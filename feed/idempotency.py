"""Idempotency keys: a client that got no answer can send its post again with the same key, without a second event.

A key belongs to one user. It is saved in the transaction of its event, so neither exists without the other. It outlives
the event: a repeated request doesn't bring back what was deleted meanwhile. For a program the answer is saved with it,
too, so that a repeated request gets the same one.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from feed.log import PUBLIC
from feed.models import KEY_LENGTH, Event, Posted

MAX_KEYS = 1000
"""Keys that are kept of each user: those of some minutes at least, at the rate of FEED_POST_LIMIT."""
MAX_AGE = timedelta(days=1)
"""Age at which `prune` deletes a key."""

well_formed = RegexValidator(
    rf"\A[!-~]{{1,{KEY_LENGTH}}}\Z", f"A key has 1 to {KEY_LENGTH} visible ASCII characters.", code="bad_key"
)


class KeyReused(ValidationError):
    """The user has posted something else with this key."""

    def __init__(self) -> None:
        super().__init__(
            "Your earlier text has been posted already. Post again to have this one, too.", code="used_key"
        )


def new_key() -> str:
    return secrets.token_urlsafe(16)


def find(user_id: Any, key: str, wanted: str) -> Posted | None:
    """What the user has posted with this key. Raises KeyReused if its digest isn't `wanted`.

    Ask before checking limits: what was posted already must not be refused.
    """
    posted = Posted.objects.filter(user_id=user_id, key=key).first() if key else None
    return posted and _checked(posted, wanted)


def is_repeated(event: Event, key: str) -> bool:
    """Whether the event's user has posted the same event with this key. Raises KeyReused."""
    return bool(key) and find(_owner(event), key, digest(event)) is not None


def save(event: Event, key: str, wanted: str | None = None, answer: Callable[[Event], str] | None = None) -> Posted:
    """Save a new event, unless its user has posted it with this key. Without a key it is always saved.

    wanted: the digest of what is posted, by default that of the event's content.
    answer: called with the saved event; what it returns is kept with the key.
    Returns the id of the event that belongs to the key, which may have been deleted, and the answer. Raises KeyReused,
    and ValueError for a key of an event without a user.
    """
    with transaction.atomic():
        if not key:
            event.save()
            return Posted(event_id=event.pk, answer=answer and answer(event))
        # The key before the event: of two concurrent requests the second waits here, and then finds the key.
        owner, wanted = _owner(event), wanted or digest(event)
        posted, is_new = Posted.objects.get_or_create(user_id=owner, key=key, defaults={"digest": wanted})
        if not is_new:
            return _checked(posted, wanted)
        event.save()
        posted.event_id, posted.answer = event.pk, answer and answer(event)
        posted.save(update_fields=["event_id", "answer"])
        _forget_oldest(owner)
        return posted


def _owner(event: Event) -> Any:
    """The key of the event's user. Raises ValueError if it has none."""
    if event.user_id is None:
        raise ValueError("An event without a user can't have an idempotency key, because keys belong to users.")
    return event.user_id


def _checked(posted: Posted, wanted: str) -> Posted:
    if posted.digest != wanted:
        raise KeyReused
    return posted


def digest(event: Event) -> str:
    """The same for two events with the same content. Only a digest is kept, because users can delete their texts."""
    fields = sorted((field.attname, field.value_to_string(event)) for field in event.own_fields())
    content = [event.kind_name(), fields, *([] if event.audience == PUBLIC else [event.audience])]
    return digest_of(repr(content))


def digest_of(content: str) -> str:
    return salted_hmac("feed.keys", content, algorithm="sha256").hexdigest()


def _forget_oldest(user_id: Any) -> None:
    keys = Posted.objects.filter(user_id=user_id)
    newest_forgotten = keys.order_by("-pk").values("pk")[MAX_KEYS : MAX_KEYS + 1]
    keys.filter(Q(pk__lte=newest_forgotten) | Q(at__lt=timezone.now() - MAX_AGE)).delete()


def prune(now: datetime | None = None) -> int:
    """Delete the keys that are older than a day. Returns how many."""
    return Posted.objects.filter(at__lt=(now or timezone.now()) - MAX_AGE).delete()[0]
