"""System checks of the kinds of events, and of what the hub relies on."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, connection
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from feed.base_template import blocks_not_shown
from feed.conf import conf
from feed.frames.describe import PUBLIC_FIELDS, has_pages
from feed.kinds.related import declared_names, leads_to_one_object
from feed.models import Event
from feed.querysets import EventQuerySet
from feed.repair import kinds_in_use


@register(Tags.models)
def kinds_have_names_of_their_own(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E001: streams, templates and JSON know a kind by its model's name alone."""
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
    """feed.E002: in JSON, a kind's fields stand beside those of every event."""
    return [
        Error(
            f"The field {field.name!r} has the name of a field that every event has in JSON. Rename it.",
            obj=field,
            id="feed.E002",
        )
        for kind in _kinds()
        for field in (*kind.own_fields(), *kind.generic_keys())
        if field.name in PUBLIC_FIELDS
    ]


@register(Tags.models)
def kinds_have_the_key_of_their_event(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E004: streams, threads and the log know an event by its id alone."""
    hint = "Remove primary_key=True and give the field unique=True, and name Event first among the base classes."
    return [
        Error("A kind of event can't have a primary key of its own.", hint=hint, obj=kind, id="feed.E004")
        for kind in _kinds()
        if not _has_key_of_event(kind)
    ]


def _has_key_of_event(kind: Any) -> bool:
    key = kind._meta.pk
    if key.remote_field is None:
        return key.model is Event
    return bool(key.remote_field.parent_link) and _has_key_of_event(key.remote_field.model)


@register(Tags.models)
def managers_record_changes(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E005: updates by another kind of manager wouldn't reach the watchers."""
    hint = "Derive it from feed.querysets.EventManager, or its queryset from feed.querysets.EventQuerySet."
    message = "The manager {!r} would change events without recording it."
    return [
        Error(message.format(manager.name), hint=hint, obj=kind, id="feed.E005")
        for kind in _kinds()
        for manager in kind._meta.managers
        if not isinstance(manager.get_queryset(), EventQuerySet)
    ]


@register(Tags.models)
def threads_lead_to_events(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W002: only a foreign key to an event makes a thread."""
    hint = "Make it a foreign key to feed.Event, or rename it."
    return [
        Warning(
            "The field 'thread' isn't a key to an event, so it makes no thread.", hint=hint, obj=field, id="feed.W002"
        )
        for kind in _kinds()
        for field in kind._meta.local_fields
        if field.name == "thread" and field != kind.thread_field()
    ]


@register(Tags.models)
def related_names_lead_to_objects(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E012: a wrong name is left out, so each event would be loaded with queries of its own."""
    hint = "Name foreign keys in a tuple, such as ('product', 'product__brand')."
    return [
        Error(f"select_related names {name!r}, which leads to no single object.", hint=hint, obj=kind, id="feed.E012")
        for kind in _kinds()
        for name in declared_names(kind)
        if not leads_to_one_object(kind, name)
    ]


@register(Tags.database)
def events_are_of_kinds_that_are_there(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """feed.W003: such events are shown without their fields, and are missing in the stream of their kind."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or not _has_table():
        return []
    unknown = sorted(set(kinds_in_use()) - set(Event.kinds()))
    hint = "Run manage.py repair_events. If the class was removed, delete these events, or bring it back."
    return [
        Warning(f"There are events of the kind {name!r}, which no app has.", hint=hint, id="feed.W003")
        for name in unknown
    ]


def _has_table() -> bool:
    return Event._meta.db_table in connection.introspection.table_names()


@register(Tags.templates)
def kinds_have_templates(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W001: a kind without a template is shown by its summary."""
    warnings: list[CheckMessage] = []
    for kind in (kind for kind in _kinds() if not kind.is_quiet):
        template = f"feed/events/{kind.kind_name()}.html"
        try:
            get_template(template)
        except TemplateDoesNotExist:
            hint = "Its events are shown by their summary."
            warnings.append(Warning(f"There is no template {template!r}.", hint=hint, obj=kind, id="feed.W001"))
    return warnings


@register(Tags.templates)
def base_template_has_the_blocks_of_the_pages(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """feed.W010: what fills a block that the base template lacks isn't shown, and Django says nothing."""
    if not (getattr(settings, "ROOT_URLCONF", None) and has_pages()):
        return []
    lacking = ", ".join(sorted(blocks_not_shown()))
    hint = "Write templates/feed/base.html, which fills the blocks of your base template. docs/pages.md shows it."
    message = f"The pages of the feed fill blocks that the base template doesn't have: {lacking}."
    return [Warning(message, hint=hint, id="feed.W010")] if lacking else []


@register(Tags.security)
def sessions_are_in_the_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E003: the hub looks sessions up in the database, to end the connections of those that have ended."""
    if hasattr(import_module(settings.SESSION_ENGINE).SessionStore, "get_model_class"):
        return []
    hint = "Use django.contrib.sessions.backends.db, or cached_db."
    return [Error("SESSION_ENGINE keeps no sessions in the database.", hint=hint, id="feed.E003")]


@register(Tags.caches)
def redis_is_installed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E006: rate limits and rendered rows are shared through Redis where REDIS_URL names one."""
    if not conf.REDIS_URL or find_spec("redis"):
        return []
    hint = "Install it: pip install 'django-rill[redis]'. Or remove the setting."
    return [Error("REDIS_URL is set, and the package redis isn't installed.", hint=hint, id="feed.E006")]


def _kinds() -> list[Any]:
    """All kinds. `Event.kinds()` would have only one of two with the same name."""
    return [model for model in apps.get_models() if issubclass(model, Event) and not model._meta.proxy]
