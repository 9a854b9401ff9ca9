from django.db import models

from feed.models import Event


class Release(Event):
    """Its model was called Deployment before."""

    version = models.CharField(max_length=10)
