from django.conf import settings
from django.db import models
from django.urls import reverse

from feed.models import Event
from feed.people import name_of, shown_name

BIO_LENGTH = 500


class UserProfile(models.Model):
    """What a person says about themselves. Extends Django's user model."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    website = models.URLField(blank=True)
    bio = models.TextField(blank=True, max_length=BIO_LENGTH)

    def __str__(self) -> str:
        return f"{shown_name(self.user)}'s profile"

    def get_absolute_url(self) -> str:
        return reverse("profiles:person", args=[name_of(self.user)])


class Welcome(Event):
    """The event that a person has joined."""

    folds_daily = True

    def __str__(self) -> str:
        return f"{self.author_name} has joined"
