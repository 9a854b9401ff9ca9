"""The tables of the log. Only `feed.log` reads and writes them."""

import secrets

from django.db import models
from django.db.models.functions import Now

PUBLIC = "public"
"""The audience of everybody."""


class Change(models.Model):
    """One entry of the log. It gets its position after its transaction has committed.

    streams: the names of the streams that hold the event. For `access`: the keys of the users.
    audience: who may see the event.
    moved_from: `{"audience": …, "streams": […]}` before this change, or None if it left both as they were.
    """

    class Action(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        DELETED = "deleted"
        ACCESS = "access"
        """Users may see other audiences from here on. No event changed."""

    # NULL until numbered. The index of the constraint also finds the changes that wait for a position.
    position = models.BigIntegerField(null=True, unique=True)
    action = models.CharField(max_length=7, choices=Action)
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=100)
    streams = models.JSONField()
    audience = models.CharField(max_length=200, db_default=PUBLIC)
    moved_from = models.JSONField(null=True)
    at = models.DateTimeField(db_default=Now())
    incomplete = models.BooleanField(db_default=False)
    """Whether a process sent the event without its own fields because it couldn't load them."""

    class Meta:
        app_label = "feed"
        indexes = [models.Index(fields=["id"], condition=models.Q(incomplete=True), name="feed_change_incomplete")]

    def __str__(self) -> str:
        return f"{self.position or 'waiting'}: event {self.event_id} {self.action}"


def new_epoch() -> str:
    return secrets.token_hex(4)


class Log(models.Model):
    """The single row that says how far the log reaches. Numbering, pruning and renaming lock it; saving an event
    never does.

    epoch: which log the positions count in. It changes when a backup is restored, so that older cursors are refused.
    head: the newest position, 0 in an empty log.
    floor: the position up to which changes have been pruned.
    """

    epoch = models.CharField(max_length=20, default=new_epoch, db_column="name")
    head = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    class Meta:
        app_label = "feed"

    def __str__(self) -> str:
        return f"{self.epoch}: {self.floor} to {self.head}"
