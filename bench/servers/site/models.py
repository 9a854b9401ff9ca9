from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from bench.events import describe


class Post(models.Model):
    """A status in one plain table."""

    objects: models.Manager["Post"] = models.Manager()

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "site"

    def __str__(self) -> str:
        return f"{self.user}: {self.text}"

    def event(self) -> dict[str, Any]:
        return describe(self.pk, self.text, self.created_at.isoformat().replace("+00:00", "Z"))
