"""The people that an event concerns: its text mentions them, or it answers what they did."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from feed import people
from feed.models import Event
from feed.prose import mentions_in
from feed.streams import OfPerson


class To(OfPerson):
    """`to:NAME`: what concerns a person, and what that person alone may see under this name."""

    prefix = "to"

    def keys_for(self, user: Any) -> Iterable[object]:
        return super().keys_to_post(user)

    def keys_to_post(self, user: Any) -> Iterable[object]:
        return ()

    def label(self, key: str) -> str:
        return f"{key} alone"

    def keys_of(self, event: Any) -> Iterable[object]:
        return {*super().keys_of(event), *concerned(event)}

    def events(self, key: str) -> Q:
        return Q((f"concerns__user__{people.name_field()}", key)) | super().events(key)

    def conditions(self, keys: Iterable[str]) -> list[Q]:
        wanted = list(keys)
        by_user = [Q(concerns__user=key) for key in people.named(wanted).values()]
        return [*by_user, *(super(To, self).events(key) for key in wanted)]

    def missing(self, keys: Iterable[str], audiences: Collection[str]) -> set[str]:
        return {*keys} - people.named(keys).keys()


def concerned(event: Any) -> set[str]:
    """The names of the people that the event concerns, without its author."""
    names = {people.name_of(user) for user in event.concerned_users()} | _mentioned(event) | _answered(event)
    return {name for name in names if name} - {people.name_of(event.user)}


def _mentioned(event: Any) -> set[str]:
    text = getattr(event, "text", None)
    if not isinstance(text, str) or "@" not in text:
        return set()
    names = mentions_in(text)
    return set(people.named(names)) if names else set()


def _answered(event: Any) -> set[str | None]:
    """The authors of what the event answers: one query for one event."""
    keys = {getattr(event, f"{name}_id", None) for name in event.answers} - {None}
    if not keys:
        return set()
    answered = Event.rows.using(event._state.db or DEFAULT_DB_ALIAS).filter(pk__in=keys)
    return {str(name) for name in answered.values_list(f"user__{people.name_field()}", flat=True) if name}


def names_in(streams: Iterable[str]) -> set[str]:
    """The names of the people whose `to:NAME` is among the streams."""
    return {name.removeprefix("to:") for name in streams if name.startswith("to:")}
