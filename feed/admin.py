"""Gives each kind of event a page in the admin. A project registers its own ModelAdmin for a kind as usual.

Importing this module registers nothing, so a project's admin.py can subclass `KindAdmin`. What the project hasn't
registered, `FeedConfig` registers after the admin.py of all apps.
"""

from importlib.util import find_spec
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import Model
from django.http import HttpRequest

from feed.handlers_admin import HandlerAdmin, SetAsideAdmin
from feed.hubs_admin import HubReportAdmin
from feed.log import Change, Log
from feed.log_admin import ChangeAdmin, LogAdmin
from feed.models import Activity, Event, HandlerCursor, HubReport, SetAside, Webhook
from feed.numbers import parse_number
from feed.people import name_field
from feed.querysets import EventQuerySet


class SeenEventWidget(ForeignKeyRawIdWidget):
    """Names only an event that the user may see."""

    def __init__(self, *args: Any, events: EventQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.events = events

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        key = parse_number(str(value))
        is_seen = key is not None and self.events.filter(pk=key).exists()
        return super().label_and_url_for_value(value) if is_seen else ("", "")


class KindAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The events of one kind."""

    list_display = ["id", "__str__", "author", "audience", "created_at", "edited_at"]
    list_display_links = ["id", "__str__"]
    ordering = ["-pk"]
    date_hierarchy = "created_at"

    def get_fields(self, request: HttpRequest, obj: Event | None = None) -> list[Any]:
        own = [field.name for field in self.model.own_fields() if field.editable]
        # A comment has the audience of its thread.
        return ["user", *own] if self.model.thread_field() else ["user", "audience", *own]

    @admin.display(description="user", ordering="user")
    def author(self, event: Event) -> str:
        return event.author_name

    def get_queryset(self, request: HttpRequest) -> EventQuerySet:
        """What the user may see. A superuser may see everything."""
        events: EventQuerySet = self.model.objects.with_users()
        return events if request.user.is_superuser else events.visible_to(request.user)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """To the user, an event that the user may not see doesn't exist, also as the thread of a comment."""
        related = db_field.remote_field
        if issubclass(related.model, Event) and not request.user.is_superuser:
            kwargs["queryset"] = events = related.model.rows.visible_to(request.user)
            kwargs["widget"] = SeenEventWidget(related, self.admin_site, events=events)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{name_field()}"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is deleted with them. Rows of one class, because Django takes the class of the first for all."""
        return super().get_deleted_objects(self.model.rows.filter(pk__in=[event.pk for event in objs]), request)

    @property
    def raw_id_fields(self) -> list[str]:  # type: ignore[override]
        return ["user", *(field.name for field in self.model.own_fields() if field.is_relation)]


class EventAdmin(KindAdmin):
    """All kinds together, to look at and to delete. To add or edit an event, use the page of its kind."""

    list_display = ["id", "kind", "__str__", "author", "audience", "created_at", "edited_at"]
    list_filter = ["kind"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False


class ActivityAdmin(EventAdmin):
    """What was published. Its publisher changes it, by its key."""

    list_display = ["id", "__str__", "verb", "author", "audience", "created_at", "edited_at"]
    list_filter = ["verb"]

    def get_fields(self, request: HttpRequest, obj: Event | None = None) -> list[Any]:
        return ["user", "audience", "verb", "about", "data", "key"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [*super().get_search_fields(request), "key__exact"]


ADMINS: dict[type[Model], type[Any]] = {
    Log: LogAdmin,
    Change: ChangeAdmin,
    Event: EventAdmin,
    Activity: ActivityAdmin,
    HandlerCursor: HandlerAdmin,
    SetAside: SetAsideAdmin,
    HubReport: HubReportAdmin,
}

if find_spec("standardwebhooks"):
    from feed.webhooks_admin import WebhookAdmin

    ADMINS[Webhook] = WebhookAdmin


def register_kinds(site: admin.AdminSite = admin.site) -> None:
    """Register the log and all kinds of events on this site, except for the models that are registered on it already.

    For a site of your own, call it after your own registrations and before you include the site's URLs.
    """
    for model in (*ADMINS, *Event.kinds().values()):
        if not site.is_registered(model):
            site.register(model, ADMINS.get(model, KindAdmin))
