"""The table of the mirror. Only `feed.mirror` writes it."""

from django.db import models


class Mirror(models.Model):
    """The feed that this database is a copy of. There is one row at most, because the events keep their ids.

    url, streams: the site, and what is copied of it.
    log, position: the copy has everything up to this position of that log. No position: the feed has to be read anew,
        from its snapshot.
    """

    url = models.CharField(max_length=500)
    streams = models.JSONField(default=list)
    log = models.CharField(max_length=20, default="")
    position = models.BigIntegerField(null=True)

    class Meta:
        app_label = "feed"

    def __str__(self) -> str:
        return f"{self.url} up to {self.position}"
