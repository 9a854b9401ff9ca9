"""What a user may post of a kind, and change later. All of it follows from the class: its fields, and `is_postable`."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import models

from feed.kinds.kind import Kind, root_model

NOT_IN_JSON = (models.BinaryField, models.FileField)
"""A file field would take the path of any file that is stored already."""


def postable_kinds() -> Mapping[str, Any]:
    """The kinds that users may post, by name."""
    kinds: Mapping[str, Any] = Kind.kinds()
    return {name: kind for name, kind in kinds.items() if is_postable(kind)}


@cache
def is_postable(kind: Any) -> bool:
    """What the class says, or one of its abstract parents. Not another kind: an announcement may be a post in all but
    who may make one."""
    says = next(base for base in kind.__mro__ if "is_postable" in vars(base))
    is_own = says is kind or "_meta" not in vars(says) or says._meta.abstract
    return is_own and bool(says.is_postable)


@cache
def posted_fields(kind: Any) -> list["models.Field[Any, Any]"]:
    """The kind's own fields that a user may set. Those with `editable=False` are set by the kind itself."""
    return [field for field in kind.plain_fields() if field.editable and not isinstance(field, NOT_IN_JSON)]


@cache
def edited_fields(kind: Any) -> list["models.Field[Any, Any]"]:
    """The fields that the author of an event may change. What it is about stays. Of a kind that isn't postable, the
    `text`, as on the pages."""
    if not is_postable(kind):
        return [field for field in kind.own_fields() if field.name == "text"]
    return [field for field in posted_fields(kind) if kind.is_editable and not leads_to_event(field)]


def leads_to_event(field: "models.Field[Any, Any]") -> bool:
    target = field.related_model
    return isinstance(target, type) and issubclass(target, root_model())


def needs_thread(kind: type[Any]) -> bool:
    """Whether each event of the kind is in the thread of another, and so has its audience."""
    field = kind.thread_field()
    return field is not None and not field.null
