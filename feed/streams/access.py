"""Changes of access: from here on, users are in other audiences."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.signals import m2m_changed, pre_delete

from feed import log, messages
from feed.batches import batches
from feed.bystander import bystander

USERS = 500
"""Users in one entry of the log."""
FIELDS = set[str]()
"""Fields of the user model on which audiences depend."""


def access_changed(users: Any, using: str | None = None) -> None:
    """Say that these users are in other audiences from now on: a user, or users.

    Recorded in the open transaction, like a change of an event. Users who have left an audience don't get what is
    committed afterwards, in any process.
    """
    with transaction.atomic(using=using):
        for part in batches(_keys(users), USERS):
            log.record_access(part, using)
        messages.ring_on_commit(0, str, using)


def _keys(users: Any) -> Iterator[str]:
    """The keys of the users as text, as in their sessions."""
    model: Any = get_user_model()
    if isinstance(users, model):
        users = [users]
    if isinstance(users, QuerySet) and issubclass(users.model, model):
        users = (model(pk=pk) for pk in users.values_list("pk", flat=True).iterator())
    for user in users:
        if not isinstance(user, model):  # such as a membership, whose key is that of another user
            raise TypeError(f"access_changed() takes users, not {type(user).__name__}.")
        yield model._meta.pk.value_to_string(user)


def note_deactivation(
    sender: type, instance: Any, created: bool, raw: bool, using: str | None = None, **kwargs: Any
) -> None:
    """Receiver of the user model's `post_save`: an inactive user is in no audience."""
    if not (created or raw or getattr(instance, "is_active", True)):
        with bystander("record the deactivation of", "a user", using):
            access_changed(instance, using)


def access_depends_on(field: str) -> None:
    """Call `access_changed` whenever a user is saved with another value of this field of the user model, such as
    `is_staff`. If the model has no such field, this does nothing. Call it once for each, in `AppConfig.ready`."""
    if any(each.name == field for each in get_user_model()._meta.concrete_fields):
        FIELDS.add(field)


def access_follows(relation: Any) -> None:
    """Call `access_changed` whenever a many-to-many relation of users changes, or what it relates them to is deleted.

    relation: such as `Team.members` or `User.groups`. Call this once for each, in `AppConfig.ready`.
    """
    Memberships(relation.through).connect()


class Memberships:
    """The users that a many-to-many relation leads to. Of a relation between users, those on both sides."""

    def __init__(self, through: type[Model]) -> None:
        self._through: Any = through
        links = [field for field in through._meta.fields if field.is_relation]
        self._to_users = [field for field in links if field.related_model is get_user_model()]
        self._to_others = [field for field in links if field.related_model is not get_user_model()]

    def connect(self) -> None:
        m2m_changed.connect(self._changed, sender=self._through, weak=False, dispatch_uid=("feed", self._through))
        for link in self._to_others:
            target: Any = link.related_model
            uid = ("feed", self._through, link.name)
            # Django sends the signal for the class of the instance, which may be a proxy.
            for model in apps.get_models():
                if model._meta.concrete_model is target._meta.concrete_model:
                    pre_delete.connect(self._deleted, sender=model, weak=False, dispatch_uid=uid)

    def _changed(self, sender: Any, instance: Any, action: str, pk_set: Any, using: str, **kwargs: Any) -> None:
        if action == "pre_clear":
            access_changed(self._members(instance, using), using)
        elif action in {"post_add", "post_remove"} and pk_set:
            access_changed(self._named(instance, pk_set, using), using)

    def _named(self, instance: Any, keys: Iterable[Any], using: str) -> Iterable[Any]:
        """The users among the instance and the objects with these keys."""
        users = [instance] if isinstance(instance, get_user_model()) else []
        if users and self._to_others:  # the keys are those of teams
            return users
        return [*users, *get_user_model()._default_manager.using(using).filter(pk__in=keys)]

    def _deleted(self, sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
        access_changed(self._members(instance, using), using)

    def _members(self, instance: Any, using: str) -> Any:
        """The users that the relation leads to from the instance, which may be a user itself."""
        if isinstance(instance, get_user_model()):
            return instance
        rows = self._through._base_manager.using(using)
        found = rows.filter(**{self._to_others[0].name: instance}).values(self._to_users[0].attname)
        return get_user_model()._default_manager.using(using).filter(pk__in=found)
