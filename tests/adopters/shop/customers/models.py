import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Customers(BaseUserManager["Customer"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Customer":
        customer = self.model(email=self.normalize_email(email), **fields)
        customer.set_password(password)
        customer.save(using=self._db)
        return customer


class Customer(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    handle = models.CharField(max_length=30, unique=True)

    objects: ClassVar[Customers] = Customers()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["handle"]

    def __str__(self) -> str:
        return self.email
