"""What the class of an event knows about itself: its kind, the fields that it adds, its thread."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

from django.apps import apps
from django.db import models

from feed.kinds.naming import snake_case


class Kind:
    """Mixed into `Event`, so that all its subclasses have it."""

    _meta: ClassVar[Any]
    select_related: ClassVar[tuple[str, ...]] = ()
    """Relations to load together with the events of this kind, such as `("product", "product__brand")`. Rows of such a
    kind aren't cached, because they show more than the event and its user."""
    search_fields: ClassVar[tuple[str, ...] | None] = None
    """The text fields that the search looks in. None: `text`, if the kind has such a field."""

    is_quiet: ClassVar[bool] = False
    """Whether pages show no row for it, except those that ask for it. If there is a template `feed/parts/KIND.html`, it
    changes other parts of a page."""
    is_choice: ClassVar[bool] = True
    """Whether the filters of pages offer it."""
    folds_daily: ClassVar[bool] = False
    """Whether feeds show only the newest of a day, with the names of the others."""
    is_postable: ClassVar[bool] = False
    """Whether programs may post it for their users. Kinds that are derived from it say it for themselves. See
    `feed.kinds.posted`."""
    is_editable: ClassVar[bool] = True
    """Whether programs may change what they have posted of it."""
    thread_names: ClassVar[tuple[str, ...]] = ("thread",)
    """The fields that name events whose threads hold an event of this kind, if the kind has these fields."""

    answers: ClassVar[tuple[str, ...]] = ("thread", "reply_to")
    """The fields that name events whose authors it concerns, if the kind has these fields."""

    def decides_access_of(self) -> Iterable[object]:
        """The keys of the users whose audiences depend on this event. Every change of it is a change of their access.

        Called before and after it is changed, before it is deleted, and in the same transaction.
        """
        return ()

    def check_state(self) -> None:
        """Raise ValueError if the event may not be stored like this. Called after each `QuerySet.update()`; what is
        saved one by one a kind can check in `save` and `clean`."""

    @classmethod
    @cache
    def kind_name(cls) -> str:
        """The model's name in snake case. A proxy has the name of its concrete model."""
        return snake_case(cls.concrete_model().__name__)

    @classmethod
    def concrete_model(cls) -> type[Any]:
        """The model itself, or the model of a proxy."""
        model: type[Any] = cls._meta.concrete_model
        return model

    @classmethod
    def kinds(cls) -> Mapping[str, type[Any]]:
        """Every concrete kind by name, including `Event` itself."""
        return _kinds_among(tuple(apps.get_models()))

    @classmethod
    def kinds_with_thread(cls) -> list[type[Any]]:
        """The kinds that have a thread themselves. Those derived from them are found through them."""
        threaded = [(kind, kind.thread_field()) for kind in cls.kinds().values()]
        return [kind for kind, field in threaded if field in kind._meta.local_fields]

    @classmethod
    @cache
    def thread_columns(cls) -> list[str]:
        """The attributes with the ids of the events whose threads hold an event of this kind."""
        names = cls.thread_names if cls.thread_field() else ()
        return [field.attname for field in cls.own_fields() if field.name in names]

    @classmethod
    def thread_lookups(cls) -> list[str]:
        """The lookups, from `Event`, of the events whose threads hold another: `comment__thread` and so on."""
        kinds = cls.kinds_with_thread()
        return [f"{kind._meta.model_name}__{name}" for kind in kinds for name in kind.thread_names]

    @classmethod
    def quiet_kinds(cls) -> list[str]:
        return [name for name, kind in cls.kinds().items() if kind.is_quiet]

    @classmethod
    @cache
    def own_fields(cls) -> list["models.Field[Any, Any]"]:
        """The fields that the kind and its parents add to `Event`."""
        common = {*root_model()._meta.concrete_fields, *cls._meta.parents.values()}
        return [
            field
            for field in cls._meta.concrete_fields
            if field not in common and not getattr(field.remote_field, "parent_link", False)
        ]

    @classmethod
    @cache
    def generic_keys(cls) -> list[Any]:
        """The fields GenericForeignKey of the kind and its parents. Known by their attributes, because a project
        without `django.contrib.contenttypes` can't import their class."""
        return [
            field for field in cls._meta.private_fields if hasattr(field, "ct_field") and hasattr(field, "fk_field")
        ]

    @classmethod
    @cache
    def plain_fields(cls) -> list["models.Field[Any, Any]"]:
        """The kind's own fields without the two that belong to a GenericForeignKey."""
        behind = {name for key in cls.generic_keys() for name in (key.ct_field, key.fk_field)}
        return [field for field in cls.own_fields() if field.name not in behind]

    @classmethod
    @cache
    def thread_field(cls) -> "models.ForeignKey[Any, Any] | None":
        """The kind's field `thread`, if it is a foreign key to an event. No other field makes a thread."""
        for field in cls.own_fields():
            if field.name == "thread" and isinstance(field, models.ForeignKey):
                target = field.remote_field.model
                return field if isinstance(target, type) and issubclass(target, root_model()) else None
        return None


@lru_cache(maxsize=1)
def _kinds_among(models: tuple[type[Any], ...]) -> Mapping[str, type[Any]]:
    """Looked up once, because every page asks for the kinds and a site may have hundreds of models."""
    concrete = [model for model in models if issubclass(model, Kind) and not model._meta.proxy]
    return MappingProxyType({model.kind_name(): model for model in concrete})


def is_whole(event: Any) -> bool:
    """Whether this instance has the fields of its kind. The row of a parent lacks them."""
    return bool(event.kind == event.kind_name())


def root_model() -> type[Any]:
    """`Event`, for the modules that its own module imports."""
    model: type[Any] = apps.get_model("feed", "Event")
    return model
