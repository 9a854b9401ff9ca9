"""System checks: of the kinds of events, and of what the hub relies on."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

PUBLIC_FIELDS = {"id", "kind", "user", "summary", "url", "created_at", "edited_at"}


@register(Tags.models)
def kinds_have_names_of_their_own(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E001: a kind is known by its model's name alone, in streams, templates and JSON."""
    taken: dict[str, type] = {}
    errors: list[CheckMessage] = []
    for kind in _kinds():
        name = kind.kind_name()
        if name in taken:
            hint = f"Rename it, or {taken[name]._meta.label}."  # type: ignore[attr-defined]
            errors.append(Error(f"There is another kind of event named {name!r}.", hint=hint, obj=kind, id="feed.E001"))
        taken.setdefault(name, kind)
    return errors


@register(Tags.models)
def kinds_leave_public_fields_alone(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E002: in JSON a kind's own fields stand beside the ones that every event has."""
    return [
        Error(f"The field {field.name!r} would be hidden by the event's own.", obj=field, id="feed.E002")
        for kind in _kinds()
        for field in kind.own_fields()
        if field.name in PUBLIC_FIELDS
    ]


@register(Tags.templates)
def kinds_have_templates(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W001: a kind without a template is shown by its summary."""
    warnings: list[CheckMessage] = []
    for kind in _kinds():
        template = f"feed/events/{kind.kind_name()}.html"
        try:
            get_template(template)
        except TemplateDoesNotExist:
            hint = "Its events are shown by their summary."
            warnings.append(Warning(f"There is no template {template!r}.", hint=hint, obj=kind, id="feed.W001"))
    return warnings


@register(Tags.security)
def sessions_are_in_the_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E003: the connections of a session that has ended can only be ended if sessions can be asked for."""
    if hasattr(import_module(settings.SESSION_ENGINE).SessionStore, "get_model_class"):
        return []
    hint = "Use django.contrib.sessions.backends.db, or cached_db."
    return [Error("SESSION_ENGINE keeps no sessions in the database.", hint=hint, id="feed.E003")]


def _kinds() -> "list[Any]":
    event = apps.get_model("feed", "Event")
    return [model for model in apps.get_models() if issubclass(model, event) and not model._meta.proxy]
