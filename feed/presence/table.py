"""The table of who is watching. Only `feed.presence` reads and writes it."""

from django.db import models

from feed.expiring import RowOfHub


class Presence(RowOfHub):
    """Who is watching through one hub.

    version: counts the changes of `people`, so that other hubs read it only when it has changed.
    people: see `People`.
    """

    version = models.BigIntegerField()
    people = models.JSONField()

    class Meta:
        app_label = "feed"
        verbose_name_plural = "presence"

    def __str__(self) -> str:
        return f"hub {self.hub}, version {self.version}"
