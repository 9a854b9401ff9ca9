"""Who may see what: the audiences of a user."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from feed.kinds.guard import attempt
from feed.log.tables import PUBLIC
from feed.streams.requested import ONLY_PUBLIC
from feed.streams.stream import STREAMS, Audience, audience_classes, name

MAX_CHOICES = 50
"""Audiences that a form offers, so that it stays small. It takes others that the user may post to, too."""


def of(event: Any) -> list[str]:
    """The names of the streams that hold the event."""
    return [name(stream, key) for stream in STREAMS.values() for key in stream.keys_of(event)]


def audiences_of(user: Any) -> frozenset[str]:
    """The names of the audiences that the user is in. For anybody at least `public`."""
    if user is None or not user.is_authenticated or not user.is_active:
        return ONLY_PUBLIC
    return ONLY_PUBLIC.union(*(_names(each, each.keys_for, user) for each in audience_classes()))


def audiences_to_post(user: Any) -> frozenset[str]:
    """The names of the audiences that the user may post to. To see what is meant for an audience isn't enough."""
    if not user.is_authenticated or not user.is_active:
        return ONLY_PUBLIC
    return ONLY_PUBLIC.union(*(_names(each, each.keys_to_post, user) for each in audience_classes()))


def _names(audience: Audience, keys_of: Callable[[Any], Iterable[object]], user: Any) -> list[str]:
    """No names if the audience can't be asked: then nobody is in it. Without keys that no event can have."""

    def names() -> list[str]:
        # One string for each audience, however many users are in it.
        keys = map(str, keys_of(user))
        return [sys.intern(name(audience, key)) for key in keys if audience.accepts(key)]

    return attempt("find who may see", audience.prefix, names, list)


def audiences_of_keys(keys: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The audiences of the users with these keys, by key. A user who doesn't exist sees what is public."""
    wanted = list(keys)
    model = get_user_model()
    to_python = model._meta.pk.to_python
    users = {user.pk: user for user in model._default_manager.filter(pk__in=[to_python(key) for key in wanted])}
    return {key: audiences_of(users.get(to_python(key))) for key in wanted}


def audiences_of_key(key: str) -> frozenset[str]:
    """The audiences of the user with this key; for "", those of anybody."""
    return audiences_of_keys([key])[key] if key else ONLY_PUBLIC


def choices_for(user: Any, chosen: str = PUBLIC) -> list[tuple[str, str]]:
    """The audiences that the user may post to, with labels, for a form; the first of them, if there are very many.

    chosen: is always among them.
    """
    allowed = audiences_to_post(user)
    others = sorted(allowed - {PUBLIC, chosen})[:MAX_CHOICES]
    names = sorted({*others, chosen} - {PUBLIC})
    return [(PUBLIC, "Everybody"), *((each, choice(each) if each in allowed else label(each)) for each in names)]


def label(audience: str) -> str:
    """What a row calls the audience."""
    return _called(audience, lambda found, key: found.label(key))


def choice(audience: str) -> str:
    """What a form calls the audience."""
    return _called(audience, lambda found, key: found.choice(key))


def _called(audience: str, call: Callable[[Audience, str], str]) -> str:
    prefix, _, key = audience.partition(":")
    found = STREAMS.get(prefix)
    if not isinstance(found, Audience):
        return audience
    # It may ask the database for a team that is gone.
    return attempt("label", prefix, lambda: str(call(found, key)), lambda: audience)


def validate(audience: str) -> None:
    """Raise ValidationError if there is no such audience."""
    prefix, _, key = audience.partition(":")
    found = STREAMS.get(prefix)
    if audience != PUBLIC and not (isinstance(found, Audience) and found.accepts(key)):
        raise ValidationError(f"There is no audience {audience!r}.", code="unknown_audience")


def validate_for(user: Any, audience: str) -> None:
    """Raise ValidationError if the user may not post to the audience. The system itself may post to each."""
    validate(audience)
    if user is not None and audience not in audiences_to_post(user):
        raise ValidationError(f"There is no audience {audience!r} that this user may post to.", code="not_yours")
