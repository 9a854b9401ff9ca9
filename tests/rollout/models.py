from django.db import models

from feed.models import StatusChange


class Bulletin(StatusChange):
    """A kind that only the new release knows."""

    until = models.DateField(null=True)
