"""Publishes events about the objects of a model whenever they are saved or deleted, from Django's signals."""

import copy
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import models, router
from django.db.models.signals import post_delete, post_save

from feed.bystander import bystander
from feed.log.tables import PUBLIC
from feed.models import Activity, Event
from feed.people import name_of
from feed.publishing import checked_key, label_of, publish, withdraw

M = TypeVar("M", bound=models.Model)
Audience = str | Callable[[Any], str]

_tracked: set[tuple[str, str]] = set()
"""The label of a model and a verb. Two trackers of both would overwrite each other's events."""


class Tracker(Generic[M]):
    """Publishes one event for each object of a model. See `track`."""

    def __init__(
        self,
        model: type[M],
        verb: str,
        actor: Callable[[M], Any] | None,
        audience: Audience,
        data: Callable[[M], Mapping[str, Any]] | None,
        when: Callable[[M], object] | None,
        keep: bool,
    ) -> None:
        self._model, self._verb, self._keep = model, verb, keep
        self._actor, self._audience, self._data, self._when = actor, audience, data, when
        self._label = label_of(model)
        self._start()

    def _start(self) -> None:
        if issubclass(self._model, Event):
            raise ValueError(f"{self._label} is a kind of event. Its events are in the feed without being tracked.")
        if (self._label, self._verb) in _tracked:
            raise ValueError(f"{self._label} is tracked as {self._verb!r} already.")
        _tracked.add((self._label, self._verb))
        for sender in self._savers():
            post_save.connect(self._saved, sender=sender, weak=False)
        for sender in self._deleters():
            post_delete.connect(self._deleted, sender=sender, weak=False)

    def stop(self) -> None:
        """Publish nothing more. The events stay."""
        _tracked.discard((self._label, self._verb))
        for sender in self._savers():
            post_save.disconnect(self._saved, sender=sender)
        for sender in self._deleters():
            post_delete.disconnect(self._deleted, sender=sender)

    def _savers(self) -> list[type[models.Model]]:
        """The model, its proxies, and the models derived from it: Django sends `post_save` for the class alone."""
        return [each for each in apps.get_models(include_auto_created=True) if issubclass(each, self._model)]

    def _deleters(self) -> list[type[models.Model]]:
        """The model and all its proxies. Django also sends `post_delete` for the parents of a derived model's object,
        unless these stay."""
        concrete = self._model._meta.concrete_model
        every = apps.get_models(include_auto_created=True)
        return [each for each in every if each._meta.concrete_model is concrete]

    def _saved(
        self, instance: M, *, raw: bool = False, update_fields: frozenset[str] | None = None, **kwargs: Any
    ) -> None:
        """Fixtures (`raw`) are loaded as they are, like those of events."""
        if not raw:
            attempt(self._verb, self._label, lambda: self._publish(as_saved(instance, update_fields)))

    def _deleted(self, instance: M, **kwargs: Any) -> None:
        if not self._keep:
            attempt(self._verb, self._label, lambda: withdraw(self._key(instance)))

    def _publish(self, instance: M) -> None:
        if self._when is not None and not self._when(instance):
            withdraw(self._key(instance))
            return
        publish(
            self._verb,
            actor=self._actor(instance) if self._actor else None,
            about=instance,
            audience=_audience_of(self._audience, instance),
            data=self._data(instance) if self._data else None,
            key=self._key(instance),
        )

    def _key(self, instance: M) -> str:
        pk = getattr(instance, self._model._meta.pk.attname)  # the object of a derived model may have another one
        key = f"{self._label}-{pk}-{self._verb}"
        # A model may have texts as keys.
        return key if len(key) <= 200 else checked_key(hashlib.sha256(key.encode()).hexdigest())


def track(
    model: type[M],
    verb: str,
    *,
    actor: Callable[[M], Any] | None = None,
    audience: Audience = PUBLIC,
    data: Callable[[M], Mapping[str, Any]] | None = None,
    when: Callable[[M], object] | None = None,
    keep: bool = False,
) -> Tracker[M]:
    """Publish an event for each object of the model, change it when the object is saved, and withdraw it when the
    object is deleted. Call this in an app's `ready()`.

    actor, data, audience: called with the object. The audience may also be a name.
    when: whether the object has an event. If it has no longer, its event is withdrawn.
    keep: whether the event stays when its object is deleted.

    What fails here is logged, once for each type of error, and fails no save, unless FEED_STRICT is set.
    """
    return Tracker(model, verb, actor, audience, data, when, keep)


def track_logins(audience: Audience | None = None) -> Callable[[], None]:
    """Publish each log-in and log-out. Returns a function that ends this.

    audience: a name, or a function of the user. By default only the user sees them.
    """
    chosen: Audience = audience or (lambda user: f"only:{name_of(user)}")

    def logged_in(user: Any = None, **kwargs: Any) -> None:
        attempt("logged_in", "a user", lambda: _publish_login("logged_in", user, chosen))

    def logged_out(user: Any = None, **kwargs: Any) -> None:
        if user is not None:  # there may have been nobody to log out
            attempt("logged_out", "a user", lambda: _publish_login("logged_out", user, chosen))

    def stop() -> None:
        user_logged_in.disconnect(dispatch_uid="feed.logged_in")
        user_logged_out.disconnect(dispatch_uid="feed.logged_out")

    user_logged_in.connect(logged_in, weak=False, dispatch_uid="feed.logged_in")
    user_logged_out.connect(logged_out, weak=False, dispatch_uid="feed.logged_out")
    return stop


def _publish_login(verb: str, user: Any, audience: Audience) -> None:
    publish(verb, actor=user, audience=_audience_of(audience, user))


def _audience_of(audience: Audience, about: Any) -> str:
    return audience if isinstance(audience, str) else audience(about)


def attempt(verb: str, label: str, work: Callable[[], object]) -> None:
    """Do the work without failing the save that it follows."""
    with bystander(f"publish {verb!r} of", label, router.db_for_write(Activity)):
        work()


def as_saved(instance: M, update_fields: frozenset[str] | None) -> M:
    """The object as it is in the database. The given one may have values that weren't saved (`update_fields`), or
    expressions such as `F("count") + 1`."""
    stale = [
        field.attname
        for field in instance._meta.concrete_fields
        if field.attname in vars(instance)  # not deferred
        and (_is_expression(instance, field) or not _is_among(field, update_fields))
    ]
    if not stale:
        return instance
    saved = copy.copy(instance)  # with the attributes that the caller may have set on it
    saved.refresh_from_db(fields=stale)
    return saved


def _is_expression(instance: models.Model, field: Any) -> bool:
    return hasattr(getattr(instance, field.attname), "resolve_expression")


def _is_among(field: Any, update_fields: frozenset[str] | None) -> bool:
    return update_fields is None or field.primary_key or bool({field.name, field.attname} & update_fields)
