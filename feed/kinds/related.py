"""Which objects are loaded together with the events of a kind: those that its `select_related` names."""

from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist


def related_names(kind: type[Any]) -> tuple[str, ...]:
    """The names in the kind's `select_related` that are right. The check feed.E012 reports the others: with one of
    them Django would refuse the whole query."""
    return _related_names(kind)  # type: ignore[arg-type]


@cache
def _related_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(name for name in declared_names(kind) if leads_to_one_object(kind, name))


def declared_names(kind: type[Any]) -> tuple[Any, ...]:
    """A text is one name: `("product")` is a text, and easily written instead of a tuple."""
    names: Any = kind.select_related
    return tuple(names) if isinstance(names, tuple | list) else (names,)


def leads_to_one_object(kind: type[Any], name: object) -> bool:
    """Whether each part of a name like `product__brand` is a relation to one object."""
    model = kind
    for part in str(name).split("__"):
        try:
            field: Any = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if not (field.many_to_one or field.one_to_one) or field.related_model is None:
            return False
        model = field.related_model
    return True
