"""Rows that hubs write about themselves, and that expire. Runs in the calling thread.

Each hub has one row in such a table, and renews it. A row that isn't renewed doesn't count any more. So a process that
is killed is forgotten in time, without Redis too.
"""

import secrets
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

EXPIRY = 22.0
"""Seconds after which a row that wasn't renewed doesn't count. With the time until the others look, this is less than
the 30 s in which a killed server has to be forgotten."""


def is_alive() -> Q:
    """By the database's clock, because the clocks of several machines differ."""
    return Q(seen_at__gt=Now() - timedelta(seconds=EXPIRY))


class RowOfHub(models.Model):
    """
    hub: the hub's random name. A process that starts again has another one.
    seen_at: when the hub was last heard of, by the database's clock.
    """

    hub = models.CharField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True


class OwnRow:
    """The row of one hub in a table.

    is_written: whether it is there, as far as we know. While a process is frozen, others delete it.
    """

    def __init__(self, table: type[RowOfHub]) -> None:
        self._table = table
        self.hub = secrets.token_hex(8)
        self.is_written = False

    def write(self, **values: Any) -> None:
        row = self._table(hub=self.hub, seen_at=Now(), **values)
        fields = [*values, "seen_at"]
        self.all().bulk_create([row], update_conflicts=True, unique_fields=["hub"], update_fields=fields)
        self.is_written = True

    def renew(self) -> bool:
        """Whether the row was still there."""
        return self.all().filter(hub=self.hub).update(seen_at=Now()) == 1

    def leave(self) -> None:
        if self.is_written:
            self.all().filter(hub=self.hub).delete()
            self.is_written = False

    def delete_expired(self) -> None:
        """Of the others."""
        expired = self.others().exclude(is_alive())
        if expired.exists():  # a statement that deletes nothing makes other writers wait, too
            expired.delete()

    def others(self) -> QuerySet[Any]:
        return self.all().exclude(hub=self.hub)

    def all(self) -> QuerySet[Any]:
        return self._table._default_manager.all()
