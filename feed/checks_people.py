"""System checks of the public names of users."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from feed.people import name_field


@register(Tags.models)
def public_names_identify_users(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E011: streams and pages find a user by the public name."""
    problem = _problem()
    if problem is None:
        return []
    hint = "Set FEED_USER_FIELD to a field of the user model that is unique and never null."
    message = f"FEED_USER_FIELD, {name_field()!r}, can't be the public name of a user: {problem}."
    return [Error(message, hint=hint, obj=get_user_model(), id="feed.E011")]


def _problem() -> str | None:
    field = _field()
    if field is None:
        return "the user model has no such field"
    if not _is_unique(field):
        return "two users can have the same"
    return "it can be null" if field.null else None


def _field() -> Any:
    try:
        field = get_user_model()._meta.get_field(name_field())
    except FieldDoesNotExist:
        return None
    return field if getattr(field, "concrete", False) else None


def _is_unique(field: Any) -> bool:
    constraints = get_user_model()._meta.total_unique_constraints
    return field.unique or any(constraint.fields == (field.name,) for constraint in constraints)


@register(Tags.models)
def public_names_are_no_addresses(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W011: everybody sees the public name, in pages and in JSON."""
    user, field = get_user_model(), _field()
    if field is None or not (isinstance(field, models.EmailField) or field.name == getattr(user, "EMAIL_FIELD", None)):
        return []
    hint = "Set FEED_USER_FIELD to another field that is unique, such as a nickname. Or silence this check."
    message = f"The public name of a user, {field.name!r}, is an e-mail address, which everybody can read."
    return [Warning(message, hint=hint, obj=user, id="feed.W011")]
