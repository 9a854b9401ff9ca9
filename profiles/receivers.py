"""Receivers that run when a user is created: by sign-up, the admin, createsuperuser or the shell."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models.signals import post_save
from django.dispatch import receiver

from feed.bystander import bystander
from profiles.models import UserProfile, Welcome


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def welcome_new_user(
    sender: type[AbstractBaseUser], instance: Any, created: bool, raw: bool, using: str, **kwargs: Any
) -> None:
    """Make the profile of a new user, and a Welcome event. Fixtures (`raw`) contain the profiles of their users. What
    fails here doesn't fail the save of the user."""
    if raw or not created:
        return
    with bystander("welcome", "a new user", using):
        UserProfile.objects.using(using).get_or_create(user=instance)
        Welcome(user=instance).save(using=using)
