"""What people have muted. Private: it is no event, and nobody else is told."""

from django.conf import settings
from django.db import models

from feed.models import Event


class Mute(models.Model):
    """That a user doesn't want to see a person, or a thread. Exactly one of the two."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile_mutes", db_index=False
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True)
    thread = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+", null=True)
    """The event that the thread is about."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "person"], name="profiles_mute_person"),
            models.UniqueConstraint(fields=["user", "thread"], name="profiles_mute_thread"),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True, thread__isnull=False)
                | models.Q(person__isnull=False, thread__isnull=True),
                name="profiles_mute_one",
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) | ~models.Q(person=models.F("user")), name="profiles_mute_other"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} has muted {self.person or f'thread {self.thread_id}'}"
