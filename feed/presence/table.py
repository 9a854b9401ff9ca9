"""The table of who is watching. Only `feed.presence` reads and writes it."""

from django.db import models
from django.db.models.functions import Now


class Presence(models.Model):
    """Who is watching through one hub.

    hub: the hub's random name. A process that starts again has another one.
    version: counts the changes of `people`, so that other hubs read it only when it has changed.
    people: see `People`.
    seen_at: when the hub was last heard of, by the database's clock.
    """

    hub = models.CharField(max_length=32, primary_key=True)
    version = models.BigIntegerField()
    people = models.JSONField()
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "feed"
        verbose_name_plural = "presence"

    def __str__(self) -> str:
        return f"hub {self.hub}, version {self.version}"
