"""The table of `feed.keys`."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

KEY_LENGTH = 100


class Posted(models.Model):
    """A key that a user has posted with; see `feed.keys`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    digest = models.CharField(max_length=64)
    # No foreign key: a repeated request must not bring back an event that has been deleted.
    event_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "posted"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="feed_posted_once")]
        indexes = [models.Index(fields=["user", "id"], name="feed_posted_newest")]

    def __str__(self) -> str:
        return f"{self.key}: event {self.event_id}"
