"""Models of another app, which know nothing of the feed. They borrow the label of a real app, like the kinds."""

import uuid
from typing import ClassVar, Self

from django.contrib.auth.models import User
from django.db import models


class Order(models.Model):
    """A model whose keys are UUIDs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    placed_by = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    total = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    note = models.CharField(max_length=50, blank=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "auth"

    def __str__(self) -> str:
        return f"Order of {self.total}"

    def get_absolute_url(self) -> str:
        return f"/orders/{self.pk}/"


class RushOrder(Order):
    """A proxy."""

    class Meta:
        app_label = "auth"
        proxy = True


class GiftOrder(Order):
    """A model with a table of its own and that of its parent."""

    wrapping = models.CharField(max_length=20, default="paper")

    class Meta:
        app_label = "auth"


SHOP = [Order, GiftOrder]
