"""Users who are renamed or deleted. `only:NAME` and its like must not become audiences of the next user with that
name."""

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F
from django.db.models.signals import post_delete, post_save, pre_save

from feed import log, people
from feed.bystander import bystander
from feed.kinds.kind import root_model
from feed.streams.access import FIELDS, access_changed, note_deactivation
from feed.streams.builtin import OfPerson
from feed.streams.stream import STREAMS, name

OLD = "_feed_old_values"
"""An attribute of a user that is being saved: the name, and what audiences depend on, as in the database."""


def connect() -> None:
    """Connect the user model, and what is derived from it: Django sends signals for the class of the instance only."""
    for model in apps.get_models():
        if issubclass(model, get_user_model()):
            pre_save.connect(note_old_values, sender=model)
            post_save.connect(follow_name, sender=model)
            post_save.connect(note_deactivation, sender=model)
            post_delete.connect(forget_name, sender=model)


def note_old_values(
    sender: type,
    instance: Any,
    raw: bool,
    using: str | None = None,
    update_fields: Collection[str] | None = None,
    **kwargs: Any,
) -> None:
    noted = {people.name_field(), *FIELDS}
    saved = noted if update_fields is None else noted.intersection(update_fields)
    if saved and not (raw or instance._state.adding):
        users = get_user_model()._base_manager.using(using).filter(pk=instance.pk)
        setattr(instance, OLD, users.values(*saved).first() or {})


def follow_name(sender: type, instance: Any, using: str | None = None, **kwargs: Any) -> None:
    """Move what is meant for this user's audiences, if the user has been renamed. Note what else has changed."""
    before = vars(instance).pop(OLD, {})
    if any(name in before and before[name] != getattr(instance, name) for name in FIELDS):
        with bystander("record the new access of", "a user", using):
            access_changed(instance, using)
    old, new = before.get(people.name_field()), people.name_of(instance)
    if old is not None and new is not None and str(old) != new:
        with bystander("rename the audience of", "a user", using):
            access_changed(instance, using)
            for audience in _of_people():
                access_changed(audience.others(instance), using)
                # Nobody has edited them.
                events = _meant_for([name(audience, old)], using)
                events.update(audience=name(audience, new), edited_at=F("edited_at"))


def forget_name(sender: type, instance: Any, using: str | None = None, **kwargs: Any) -> None:
    """Delete the events of this user's audiences, also those that others have posted."""
    with bystander("delete the audience of", "a user", using):
        key = people.name_of(instance)
        for event in _meant_for([name(audience, key) for audience in _of_people()], using):
            # The user's own may be on their way already, and are recorded once.
            if not log.is_waiting("deleted", event.pk, using or DEFAULT_DB_ALIAS):
                event.delete()


def _of_people() -> list[OfPerson]:
    return [stream for stream in STREAMS.values() if isinstance(stream, OfPerson)]


def _meant_for(audiences: list[str], using: str | None) -> Any:
    return root_model().rows.using(using).filter(audience__in=audiences)
