"""What happens when a user is made, wherever: sign-up, admin, createsuperuser or shell."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from profiles.models import UserProfile, Welcome


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def welcome_new_user(
    sender: type[AbstractBaseUser], instance: Any, created: bool, raw: bool, using: str, **kwargs: Any
) -> None:
    """Give a new user a profile, and tell the feed. Users of a fixture bring their own profiles along."""
    if raw or not created:
        return
    with transaction.atomic(using=using):
        UserProfile.objects.using(using).get_or_create(user=instance)
        Welcome(user=instance).save(using=using)
