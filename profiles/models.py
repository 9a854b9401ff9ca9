from django.conf import settings
from django.db import models
from django.urls import reverse

from feed.models import Event
from feed.people import name_of, shown_name

BIO_LENGTH = 500
NAME_LENGTH = 50


class UserProfile(models.Model):
    """What a person says about themselves. Extends Django's user model."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    display_name = models.CharField("name", max_length=NAME_LENGTH, blank=True, default="", db_default="")
    """The name that is shown first, beside the unique public name of the user."""
    picture = models.CharField(max_length=32, blank=True, editable=False, default="", db_default="")
    """The version of the user's picture; empty without one. See `profiles.pictures`."""
    website = models.URLField(blank=True)
    bio = models.TextField(blank=True, max_length=BIO_LENGTH)

    def __str__(self) -> str:
        return f"{shown_name(self.user)}'s profile"

    def get_absolute_url(self) -> str:
        return reverse("profiles:person", args=[name_of(self.user)])


class Picture(models.Model):
    """A person's picture in one size, as WebP. In the database, so that several machines need no shared disk; and not
    in the profile, which is loaded with each event."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.CharField(max_length=32)
    size = models.PositiveSmallIntegerField()
    """Pixels in width and height."""
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "size"], name="profiles_picture_once")]

    def __str__(self) -> str:
        return f"{self.version}-{self.size}"


class Welcome(Event):
    """The event that a person has joined."""

    def __str__(self) -> str:
        return f"{self.author_name} has joined"
