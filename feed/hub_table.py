"""The table of the hubs of all processes."""

from django.db import models

from feed.expiring import RowOfHub


class HubReport(RowOfHub):
    """What one hub says of itself, every few seconds.

    host, pid, server, version: where it runs, under which server, and the version of Rill.
    started_at: when the hub began to follow the log, with the first watcher of its process.
    watchers: how many came by each door.
    blocked: how many of them don't read what is due to them.
    epoch, position: how far it knows the log. lag: how many changes it hadn't read when it wrote this.
    bell_at: when a bell told it last that the log has grown.
    is_stopping: whether it sends its watchers away.
    """

    host = models.CharField(max_length=255)
    pid = models.BigIntegerField("process")
    server = models.CharField(max_length=20)
    version = models.CharField(max_length=50)
    started_at = models.DateTimeField("started")
    watchers = models.JSONField()
    blocked = models.PositiveIntegerField("not reading")
    epoch = models.CharField("log", max_length=20)
    position = models.BigIntegerField()
    lag = models.BigIntegerField()
    bell_at = models.DateTimeField("last bell", null=True)
    is_stopping = models.BooleanField("stopping")

    class Meta:
        app_label = "feed"
        verbose_name = "hub"

    def __str__(self) -> str:
        return f"{self.host}, process {self.pid}"
