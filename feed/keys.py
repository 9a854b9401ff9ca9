"""Keys of posts: a client that gets no answer sends its post again with the same key, and makes no second event.

A key belongs to one user. It is saved in the transaction of its event, so neither is there without the other. It
outlives its event, so that a repeated request does not bring back what was deleted meanwhile.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from feed.models import Event
from feed.posted import KEY_LENGTH, Posted

KEPT = 1000
"""Newest keys of each user that are kept: those of some minutes, as fast as FEED_POST_LIMIT allows to post."""
KEPT_FOR = timedelta(days=1)
"""After which `prune` forgets a key."""

well_formed = RegexValidator(
    rf"\A[!-~]{{1,{KEY_LENGTH}}}\Z", f"A key has 1 to {KEY_LENGTH} visible ASCII characters.", code="bad_key"
)


class UsedOtherwise(ValidationError):
    """The user has posted something else with this key."""

    def __init__(self) -> None:
        super().__init__(
            "Your earlier text has been posted already. Post again to have this one, too.", code="used_key"
        )


def new_key() -> str:
    return secrets.token_urlsafe(16)


def is_repeated(event: Event, key: str) -> bool:
    """Whether the event's user has posted the same with this key already. Raises UsedOtherwise.

    Asked before the limits: what is posted already must not be refused.
    """
    return bool(key) and _posted(event, key) is not None


def save(event: Event, key: str) -> int | None:
    """Save a new event, unless its user has posted it with this key already. Without a key it is always new.

    Returns the id of the event that the key stands for; it may be deleted by now. Raises UsedOtherwise.
    """
    with transaction.atomic():
        if not key:
            event.save()
            return event.pk
        try:
            # The key before the event: of two requests at once the second waits here, and finds the first one's key.
            with transaction.atomic():
                posted = Posted.objects.create(user_id=event.user_id, key=key, digest=digest(event))
        except IntegrityError:
            found = _posted(event, key)
            if found is None:  # not about the key
                raise
            return found.event_id
        event.save()
        posted.event_id = event.pk
        posted.save(update_fields=["event_id"])
        _forget_oldest(event.user_id)
        return event.pk


def _posted(event: Event, key: str) -> Posted | None:
    posted = Posted.objects.filter(user_id=event.user_id, key=key).first()
    if posted is not None and posted.digest != digest(event):
        raise UsedOtherwise
    return posted


def digest(event: Event) -> str:
    """What is posted, so that something else under the same key can be told; as a digest, as texts can be deleted."""
    fields = sorted((field.attname, field.value_to_string(event)) for field in event.own_fields())
    return salted_hmac("feed.keys", repr([event.kind_name(), fields]), algorithm="sha256").hexdigest()


def _forget_oldest(user_id: Any) -> None:
    keys = Posted.objects.filter(user_id=user_id)
    newest_forgotten = keys.order_by("-pk").values("pk")[KEPT : KEPT + 1]
    keys.filter(pk__lte=newest_forgotten).delete()


def prune(now: datetime | None = None) -> int:
    """Forget the keys of more than a day ago; return how many."""
    return Posted.objects.filter(at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]
