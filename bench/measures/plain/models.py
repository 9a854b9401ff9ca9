"""The same events without Rill: two tables with the same columns and indexes, and no receivers."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class PlainEvent(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "plain"
        indexes = [models.Index(fields=["kind", "id"], name="plain_event_kind")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind}"


class PlainStatus(PlainEvent):
    text = models.TextField()

    class Meta:
        app_label = "plain"

    def __str__(self) -> str:
        return f"{self.user}: {self.text}"
