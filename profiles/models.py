from typing import Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.urls import reverse

from feed.models import Event
from feed.people import name_field, name_of, shown_name

BIO_LENGTH = 500
NAME_LENGTH = 50
RECENT = 200
"""Events that are looked through for people who were active."""


class ProfileQuerySet(models.QuerySet["UserProfile"]):
    def active(self) -> Self:
        """Of users who may log in. Not all user models have the column."""
        try:
            get_user_model()._meta.get_field("is_active")
        except FieldDoesNotExist:
            return self
        return self.filter(user__is_active=True)

    def begin_with(self, wanted: str) -> Self:
        """Those whose handle or name begins like this, ignoring case."""
        handle = Q(**{f"user__{name_field()}__istartswith": wanted.removeprefix("@")})
        return self.filter(handle | Q(display_name__istartswith=wanted)) if wanted else self

    def before(self, pk: int | None) -> Self:
        return self if pk is None else self.filter(pk__lt=pk)

    def newest(self) -> Self:
        return self.select_related("user").order_by("-pk")

    def recently_active(self, without: object, most: int = 5) -> list["UserProfile"]:
        """Those who have posted last, without one user: the last to post first."""
        recent = Event.rows.visible_to(None).newest().values_list("user", flat=True)[:RECENT]
        users = [user for user in dict.fromkeys(recent) if user not in (None, without)]
        found = {each.user_id: each for each in self.active().filter(user__in=users[:most]).select_related("user")}
        return [found[user] for user in users if user in found]


class UserProfile(models.Model):
    """What a person says about themselves. Extends Django's user model."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    display_name = models.CharField("name", max_length=NAME_LENGTH, blank=True, default="", db_default="")
    """The name that is shown first, beside the unique public name of the user."""
    picture = models.CharField(max_length=32, blank=True, editable=False, default="", db_default="")
    """The version of the user's picture; empty without one. See `profiles.pictures`."""
    website = models.URLField(blank=True)
    bio = models.TextField(blank=True, max_length=BIO_LENGTH)
    # The database has the default, too, for processes of the release before.
    show_presence = models.BooleanField("show when I am here", default=True, db_default=True)

    objects = ProfileQuerySet.as_manager()

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

    folds_daily = True

    def __str__(self) -> str:
        return f"{self.author_name} has joined"
