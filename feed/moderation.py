"""Staff who delete the events of others, and the record of it."""

from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename

from feed.models import Event

DELETION = 3
"""As in `django.contrib.admin.models`, which only a project with the admin can import."""
DELETE = f"feed.{get_permission_codename('delete', Event._meta)}"
"""The permission to delete the events of others, of whatever kind."""


def is_moderator(user: Any) -> bool:
    """Whether the user may delete the events of others. Asks the database about staff only."""
    return bool(getattr(user, "is_staff", False) and user.is_active and user.has_perm(DELETE))


def record_deletion(user: Any, event: Event) -> None:
    """Write it into the history of the admin, if the project has one, before the event is deleted. What users delete
    of their own isn't recorded."""
    if event.user_id == user.pk or not apps.is_installed("django.contrib.admin"):
        return
    entries: Any = apps.get_model("admin", "LogEntry")._default_manager
    deleted = type(event)._default_manager.filter(pk=event.pk)
    entries.log_actions(user.pk, deleted, DELETION, change_message="On the page.", single_object=True)
