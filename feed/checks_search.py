"""System checks of the search."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, connection, models

from feed.models import Event
from feed.search.backends import backend
from feed.search.finding import kinds_without_index


@register(Tags.models)
def search_fields_are_texts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E021: only texts have words."""
    return [
        Error(f"search_fields names {name!r}, which isn't a text field of this kind.", obj=kind, id="feed.E021")
        for kind in Event.kinds().values()
        for name in kind.search_fields or ()
        if not any(field.name == name and _is_text(field) for field in kind.own_fields())
    ]


def _is_text(field: Any) -> bool:
    return isinstance(field, models.CharField | models.TextField)


@register(Tags.database)
def searched_kinds_have_an_index(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """feed.W021: the search leaves out a kind without an index. feed.W022: this SQLite can't search at all."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or connection.vendor not in {"sqlite", "postgresql"}:
        return []
    if backend(connection) is None:
        hint = "Use a Python whose SQLite has FTS5, then migrate the feed anew: migrate feed 0010, and migrate."
        return [Warning("This SQLite has no FTS5, so the search finds no texts.", hint=hint, id="feed.W022")]
    tables = connection.introspection.table_names()
    hint = "Add the operation feed.search.operations.SearchIndex to a migration of its app, or set search_fields = ()."
    return [
        Warning("The search leaves out this kind, because it has no index.", hint=hint, obj=kind, id="feed.W021")
        for kind in kinds_without_index(connection)
        if kind._meta.db_table in tables
    ]
