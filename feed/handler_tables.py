"""The tables of durable handlers. Only `feed.handlers` and the admin write them."""

import secrets
from base64 import b64encode

from django.db import models
from django.db.models.functions import Now


class HandlerCursor(models.Model):
    """How far one handler has come.

    epoch, position: the handler has handled, or set aside, every change up to this position of this log.
    state: why it doesn't go on, if it doesn't.
    lease, leased_until: which process works for the handler and until when, if that isn't decided by a row lock.
    """

    class State(models.TextChoices):
        FOLLOWING = "following"
        EXPIRED = "expired"
        """The log was pruned: changes that it hasn't seen are gone."""
        OTHER_LOG = "other_log"
        """The log was renamed."""
        AHEAD = "ahead"
        """The log is shorter than the position."""

    name = models.CharField(max_length=200, primary_key=True)
    epoch = models.CharField(max_length=20)
    position = models.BigIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.FOLLOWING)
    lease = models.CharField(max_length=32, default="", editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "feed"
        verbose_name = "handler"

    def __str__(self) -> str:
        return f"{self.name}: {self.state} at {self.position}"


class SetAside(models.Model):
    """A change that a handler has failed on. The handler has moved on, unless it works in order.

    next_try: None if it isn't tried again until somebody asks for that.
    error: the traceback of the last try.
    """

    handler = models.ForeignKey(HandlerCursor, on_delete=models.CASCADE, related_name="set_aside")
    epoch = models.CharField(max_length=20)
    position = models.BigIntegerField()
    action = models.CharField(max_length=7)
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=100)
    tries = models.PositiveIntegerField()
    next_try = models.DateTimeField(null=True)
    error = models.TextField()
    at = models.DateTimeField(db_default=Now())
    """When the change failed first."""

    class Meta:
        app_label = "feed"
        verbose_name = verbose_name_plural = "changes set aside"
        constraints = [models.UniqueConstraint(fields=["handler", "epoch", "position"], name="feed_set_aside_once")]
        indexes = [models.Index(fields=["handler", "next_try"], name="feed_set_aside_due")]

    def __str__(self) -> str:
        return f"{self.handler_id}: event {self.event_id} {self.action} at {self.position}"


def new_secret() -> str:
    """A secret as the specification of Standard Webhooks writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


class Webhook(models.Model):
    """A URL to which the changes of some streams are posted."""

    url = models.URLField(max_length=500)
    streams = models.CharField(
        max_length=1000,
        default="public",
        help_text="Names of streams, separated by spaces, such as: kind:deploy user:alice."
        " What isn't public is sent only if its audience is named, too.",
    )
    secret = models.CharField(
        max_length=500,
        default=new_secret,
        help_text="The receiver checks the signatures with it. To replace it, write the new one before it, separated by"
        " a space, and remove the old one once the receiver has the new one.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "feed"

    def __str__(self) -> str:
        return f"{self.streams} to {self.url}"

    @property
    def handler_name(self) -> str:
        return f"webhook:{self.pk}"
