from collections.abc import Iterable
from functools import cache
from typing import Any, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from feed.log import PUBLIC
from feed.models import Event
from feed.people import name_field, name_of, shown_name
from profiles.mute import Mute
from profiles.report import Report

__all__ = ["Concern", "Follow", "Mute", "ReadPosition", "Report", "UserProfile", "Welcome"]

NOT_HIDDEN = "A follow is public: the lists and counts of followers show it to everybody."
MAX_FOLLOWED = 5000
"""Maximum people that a user can follow. Each is one more audience to look for."""
BIO_LENGTH = 500
NAME_LENGTH = 50


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

    class Meta:
        verbose_name, verbose_name_plural = "newcomer", "newcomers"

    def __str__(self) -> str:
        return f"{self.author_name} has joined"


class Concern(models.Model):
    """That an event concerns a person: it mentions them, or answers what they did."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="concerns", db_index=False
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="concerns")
    # Not a number to count from: transactions commit in another order than they take their numbers.
    is_new = models.BooleanField(default=True)
    """Whether the person hasn't read it yet."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="profiles_concern_once")]
        indexes = [models.Index(fields=["user"], condition=models.Q(is_new=True), name="profiles_concern_new")]

    def __str__(self) -> str:
        return f"{self.user} and event {self.event_id}"


class ReadPosition(Event):
    """How far a person has read what concerns them. One for each person; it moves, and so all their pages know."""

    is_quiet = True

    position = models.BigIntegerField()
    """The position of the log up to which they have read `to:NAME`."""

    def __str__(self) -> str:
        return f"{self.author_name} has read up to {self.position}"


class TooManyFollowed(ValidationError):
    """Somebody follows as many as one can."""

    def __init__(self) -> None:
        super().__init__(f"You follow {MAX_FOLLOWED:,} people. Nobody can follow more.", code="too_many")


class Follow(Event):
    """The event that a person follows another. There is one for each pair, for as long as it is so."""

    # The event's user again. The database can't say otherwise that a pair is unique, nor find quickly whom one follows.
    follower = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="profile_follows",
        editable=False,
        db_index=False,
    )
    followed = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile_followers")

    select_related = ("followed",)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "followed"], name="profiles_follow_pair"),
            models.CheckConstraint(condition=~models.Q(follower=models.F("followed")), name="profiles_follow_other"),
        ]

    def __str__(self) -> str:
        return f"{self.author_name} follows {shown_name(self.followed)}"

    def clean(self) -> None:
        super().clean()
        if self.user_id is None:
            raise ValidationError("Somebody must be the follower.", code="nobody")
        if self.user_id == self.followed_id:
            raise ValidationError("Nobody can follow themselves.", code="self")
        if self.audience != PUBLIC:
            raise ValidationError(NOT_HIDDEN, code="hidden")
        pair = Follow.rows.filter(follower=self.user_id, followed=self.followed_id)
        if pair.exclude(pk=self.pk).exists():
            raise ValidationError(f"{self.author_name} follows them already.", code="unique")
        if self._state.adding:
            self.check_room(self.user_id)

    @classmethod
    def check_room(cls, follower: Any) -> None:
        """Raise TooManyFollowed if the user with this key can't follow anybody else."""
        if cls.rows.filter(follower=follower).count() >= MAX_FOLLOWED:
            raise TooManyFollowed

    @classmethod
    @cache
    def plain_fields(cls) -> list["models.Field[Any, Any]"]:
        return [field for field in super().plain_fields() if field.name != "follower"]

    def _mark(self) -> set[str]:
        if self._state.adding:
            self.follower_id = self.user_id  # type: ignore[assignment]  # the database refuses None
        self.check_state()
        return super()._mark()

    def check_state(self) -> None:
        if self.follower_id != self.user_id:
            raise ValueError("A follow can't be given to another user. Delete it, and make a new one.")
        if self.audience != PUBLIC:
            raise ValueError(NOT_HIDDEN)

    def concerned_users(self) -> list[Any]:
        return [self.followed]

    def decides_access_of(self) -> Iterable[object]:
        return [self.follower_id]


class ProfileChange(Event):
    """That a person has another profile. One for each person, changed each time, so that the person's page is live."""

    is_quiet = True

    def __str__(self) -> str:
        return f"{self.author_name} has changed their profile"
