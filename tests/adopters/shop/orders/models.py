import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from feed.models import Event


class Team(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams")

    def __str__(self) -> str:
        return self.name

    @property
    def audience(self) -> str:
        return f"team:{self.pk}"


class Order(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.PositiveIntegerField(unique=True)
    total = models.DecimalField(max_digits=8, decimal_places=2)
    team = models.ForeignKey(Team, models.CASCADE, null=True)

    def __str__(self) -> str:
        return f"Bestellung {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("order", args=[self.pk])


class OrderPacked(Event):
    """A kind that shows another object."""

    order = models.ForeignKey(Order, models.CASCADE)
    select_related = ("order",)

    def __str__(self) -> str:
        return f"{self.author_name} hat die {self.order} gepackt"
