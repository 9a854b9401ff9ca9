"""Makes events of what a source says about its own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from feed.frames.describe import PUBLIC_FIELDS
from feed.kinds.related import related_names
from feed.mirror.people import users_named
from feed.models import Activity, Event
from feed.people import NOBODY
from feed.publishing import MAX_TEXT, MAX_URL
from feed.times import kept

Json = dict[str, Any]


class Unfit(Exception):
    """This database can't hold the event as an event of its kind."""


class MissingEvent(Unfit):
    """The event refers to one that isn't here."""


@dataclass
class Making:
    """Makes events of the descriptions `said`, for the open transaction.

    url: where their source is.
    """

    url: str
    said: Sequence[Json]

    def __post_init__(self) -> None:
        self.said = [_storable(each) for each in self.said]
        self.users = users_named({name for each in self.said for name in _names(each)})
        self.known = _known(self.said)

    def events(self) -> list[Event]:
        """In the order of their ids. What refers to another of them is made after that."""
        made, waiting = list[Event](), list(self.said)
        while waiting:
            events, later = self._made(waiting)
            made += events or [self.plain(each) for each in later]
            waiting = later if events else []
        return sorted(made, key=lambda event: event.id)

    def event(self, said: Json) -> Event:
        """Raises MissingEvent."""
        kind = Event.kinds().get(said["kind"])
        try:
            return self._of_kind(kind, said) if kind else self.plain(said)
        except MissingEvent:
            raise
        except (Unfit, ValidationError, ValueError, TypeError, AttributeError):
            return self.plain(said)

    def plain(self, said: Json) -> Event:
        """An activity that keeps the fields of a kind which isn't installed here, or can't hold them."""
        user = self.users.get(said["user"])
        text = said["summary"].removeprefix(f"{said['user'] or NOBODY}: ")[:MAX_TEXT]
        url = urljoin(self.url, said["url"]) if said["url"] else None
        own = {name: value for name, value in said.items() if name not in PUBLIC_FIELDS}
        about = {"label": said["kind"], "key": str(said["id"]), "url": url and url[:MAX_URL], "text": text}
        return _with_common(Activity(user=user, verb=said["kind"], about=about, data=own), said)

    def _made(self, said: Iterable[Json]) -> tuple[list[Event], list[Json]]:
        made, later = list[Event](), list[Json]()
        for each in said:
            try:
                made.append(event := self.event(each))
            except MissingEvent:
                later.append(each)
                continue
            for model in type(event).__mro__:
                self.known[model].add(event.id)
        return made, later

    def _of_kind(self, kind: type[Event], said: Json) -> Event:
        event = kind(user=self.users.get(said["user"]))
        event._mark()  # what the kind derives from its user
        for field in kind.plain_fields():
            if field.name in said:
                setattr(event, field.attname, self._value(field, said[field.name], kind))
            elif not (field.has_default() or field.null):
                raise Unfit(f"{field.name} is missing.")
        for key in kind.generic_keys():
            _refer(event, key, said.get(key.name))
        return _with_common(event, said)

    def _value(self, field: Any, value: Any, kind: type[Event]) -> Any:
        if value is None and not field.null:
            raise Unfit(f"{field.name} can't be null.")
        if value is None or isinstance(field, models.JSONField):
            return value
        if isinstance(field, models.ForeignKey):
            return self._key(field, value, kind)
        return _time(value) if isinstance(field, models.DateTimeField) else field.to_python(value)

    def _key(self, field: Any, value: Any, kind: type[Event]) -> Any:
        """Keys of events are the same here, and users are known by name. Other objects have other keys here."""
        if _is_name(field, kind):
            return self.users[value].pk
        if not issubclass(field.related_model, Event):
            raise Unfit(f"{field.name} is an object of the source.")
        if field.db_constraint and value not in self.known[field.related_model]:
            raise MissingEvent(f"{field.name} is event {value}, which isn't here.")
        return value


def _with_common(event: Event, said: Json) -> Event:
    event.id = said["id"]
    if not event._is_pk_set():  # type: ignore[attr-defined]  # its kind may have a key of its own
        event.pk = event.id
    event.kind = event.kind_name()
    event.audience = said["audience"]
    event.created_at = _time(said["created_at"])
    event.edited_at = _time(said["edited_at"]) if said["edited_at"] else None
    event.changed_at = timezone.now()  # not the source's: the same event may have been here before, and be cached
    return event


def _time(text: str) -> datetime:
    return kept(datetime.fromisoformat(text))


def _is_name(field: Any, kind: type[Event]) -> bool:
    """Whether the field is described by the name of a user."""
    return field.related_model is get_user_model() and field.name in related_names(kind)


def _names(said: Json) -> set[str]:
    """The users that an event names."""
    kind = Event.kinds().get(said["kind"])
    own = [field.name for field in kind.plain_fields() if _is_name(field, kind)] if kind else []
    return {said["user"], *(said.get(name) for name in own)} - {None}


def _known(said: Iterable[Json]) -> defaultdict[Any, set[int]]:
    """The ids of the events here that these refer to, by the model that they refer to."""
    wanted = defaultdict[Any, set[int]](set)
    for each in said:
        kind = Event.kinds().get(each["kind"])
        for field in kind.plain_fields() if kind else ():
            if isinstance(key := each.get(field.name), int) and _is_of_event(field):
                wanted[field.related_model].add(key)
    found = {model: set(model.rows.filter(pk__in=keys).values_list("pk", flat=True)) for model, keys in wanted.items()}
    return defaultdict(set, found)


def _storable(value: Any) -> Any:
    """The value without the character NUL, which PostgreSQL can't hold."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return {name: _storable(each) for name, each in value.items()} if isinstance(value, dict) else value


def _is_of_event(field: Any) -> bool:
    return isinstance(field.related_model, type) and issubclass(field.related_model, Event)


def _refer(event: Event, key: Any, said: Mapping[str, str] | None) -> None:
    """Set a GenericForeignKey. The object needn't be here."""
    if said is None:
        return
    label, _, model = (said["label"] or "").partition(".")
    found: Any = apps.get_model("contenttypes", "ContentType").objects.filter(app_label=label, model=model).first()
    if found is None:
        raise Unfit(f"There is no model {said['label']}.")
    setattr(event, event._meta.get_field(key.ct_field).attname, found.pk)
    setattr(event, key.fk_field, said["key"])
