"""Restores what a migration has taken away."""

from typing import Any

from django.db import connections

from feed.search import sqlite
from feed.search.backends import backend
from feed.search.index import indexes


def restore_triggers(using: str, **kwargs: Any) -> None:
    """Receiver of `post_migrate`. On SQLite, Django changes a table by making a new one, and the triggers are lost."""
    connection = connections[using]
    if backend(connection) is not sqlite:
        return
    with connection.cursor() as cursor:
        for index in sqlite.without_triggers(connection, [index for _, index in indexes()]):
            for statement in sqlite.restore(index):
                cursor.execute(statement)
