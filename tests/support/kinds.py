"""Kinds of events that only the tests have: one for each way to subclass Event.

They borrow the labels of real apps, so that Django knows their relations. conftest.py creates their tables.
"""

from django.contrib.auth.models import Permission, User
from django.db import models

from feed.models import Event, StatusChange


class Deploy(Event):
    """A subclass with fields and without a template, as in the README."""

    service = models.CharField(max_length=100)
    took = models.DurationField(null=True)
    cost = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    details = models.JSONField(default=dict)

    class Meta:
        app_label = "feed"


class Announcement(StatusChange):
    """A grandchild."""

    until = models.DateField(null=True)

    class Meta:
        app_label = "feed"


class Slogan(Event):
    """A kind with a shorter text than the others, and with a field that can't be edited."""

    text = models.CharField(max_length=10)
    shown_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        app_label = "feed"


class Shout(StatusChange):
    """A proxy."""

    class Meta:
        app_label = "feed"
        proxy = True


class Measured(Event):
    """An abstract child, without a table."""

    value = models.FloatField(db_column="value {°C}")  # as in a table that is older than its model

    class Meta:
        app_label = "feed"
        abstract = True


class Temperature(Measured):
    """The child of an abstract child, in another app."""

    class Meta:
        app_label = "profiles"


class Grant(Event):
    """A kind whose row shows other objects, which are loaded together with it."""

    permission = models.ForeignKey(Permission, models.CASCADE, related_name="+")
    select_related = ("permission", "permission__content_type")

    class Meta:
        app_label = "feed"

    def __str__(self) -> str:
        return f"{self.user}: may {self.permission}"


KINDS_WITH_TABLES = [Deploy, Announcement, Slogan, Temperature, Grant]
