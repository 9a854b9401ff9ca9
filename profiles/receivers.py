"""Receivers: of new users, however they are created, and of what concerns people."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from feed.bystander import bystander
from feed.log import Recorded
from feed.people import named
from feed.signals import recorded
from profiles.concerns import names_in
from profiles.models import Concern, ProfileChange, ReadPosition, UserProfile, Welcome

PUBLIC_FIELDS = {"display_name", "picture", "website", "bio"}


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


@receiver(post_save, sender=UserProfile)
def show_changed_profile(
    sender: type[UserProfile],
    instance: UserProfile,
    created: bool,
    raw: bool,
    using: str,
    update_fields: Collection[str] | None = None,
    **kwargs: Any,
) -> None:
    """Tell the pages of a person that the profile is another one."""
    is_shown = update_fields is None or not PUBLIC_FIELDS.isdisjoint(update_fields)
    if is_shown and not (raw or created):
        with bystander("show the changed profile of", "a user", using), transaction.atomic(using=using):
            changes = ProfileChange.objects.using(using).filter(user=instance.user)
            (changes.first() or ProfileChange(user=instance.user)).save(using=using)


@receiver(recorded)
def keep_concerns(
    sender: type, action: str, recorded: Collection[Recorded], using: str | None = None, **kwargs: Any
) -> None:
    """Keep the table by which the events of `to:NAME` are found."""
    for event in recorded if action != "deleted" else ():
        now = names_in(event.streams)
        before = names_in(event.moved_from[1]) if event.moved_from else now if action == "updated" else set()
        if now != before and event.kind != ReadPosition.kind_name():  # which is no news
            change_concerns(event.event_id, now - before, before - now, using)


def change_concerns(event_id: int, concerned: Collection[str], others: Collection[str], using: str | None) -> None:
    """Say that the event concerns the users with these names from now on, and the others no more."""
    rows, users = Concern.objects.using(using), named({*concerned, *others})
    rows.filter(event=event_id, user__in=[users[name] for name in others if name in users]).delete()
    new = [Concern(user_id=users[name], event_id=event_id) for name in concerned if name in users]
    rows.bulk_create(new, ignore_conflicts=True)
