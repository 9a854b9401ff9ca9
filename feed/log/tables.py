"""The tables of the log. Only `feed.log` reads and writes them."""

import secrets

from django.db import models
from django.db.models.functions import Now


class Change(models.Model):
    """One entry of the log. It gets its position after its transaction has committed."""

    class Action(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        DELETED = "deleted"

    # NULL until numbered. The index of the constraint also finds the changes that wait for a position.
    position = models.BigIntegerField(null=True, unique=True)
    action = models.CharField(max_length=7, choices=Action)
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=100)
    streams = models.JSONField()
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
