"""The handlers in the admin: how far each is, and what it has failed on."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from feed import log
from feed.handler_tables import HandlerCursor, SetAside
from feed.handlers import cursors
from feed.handlers.lag import lag_of


class HandlerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "state", "position", "behind", "seconds", "failed"]
    list_filter = ["state"]
    fields = ("name", "state", "epoch", "position", "behind", "seconds", "failed")
    readonly_fields = fields
    ordering = ["name"]
    actions = ["resume"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="changes behind")
    def behind(self, cursor: HandlerCursor) -> int:
        return lag_of(cursor, log.state(), 0).behind

    @admin.display(description="seconds behind")
    def seconds(self, cursor: HandlerCursor) -> str:
        seconds = lag_of(cursor, log.state(), 0).seconds
        return "-" if seconds is None else f"{seconds:.1f}"

    @admin.display(description="changes set aside")
    def failed(self, cursor: HandlerCursor) -> int:
        return cursor.set_aside.count()

    @admin.action(description="Let them go on, if they have stopped", permissions=["change"])
    def resume(self, request: HttpRequest, chosen: QuerySet[HandlerCursor]) -> None:
        for cursor in chosen:
            position = cursors.resume(cursor.name)
            self.message_user(request, f"{cursor.name} goes on after {position}.", messages.SUCCESS)


class SetAsideAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To drop a change, delete it here."""

    list_display = ["position", "handler", "action", "kind", "event_id", "tries", "next_try", "last_line"]
    list_filter = ["handler"]
    fields = ("handler", "position", "epoch", "action", "kind", "event_id", "tries", "next_try", "at", "error")
    readonly_fields = fields
    list_select_related = ["handler"]
    ordering = ["handler", "position"]
    actions = ["retry"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="error")
    def last_line(self, row: SetAside) -> str:
        return row.error.strip().rpartition("\n")[2][:200]

    @admin.action(description="Try them again now", permissions=["change"])
    def retry(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        count = chosen.update(next_try=timezone.now())
        self.message_user(request, f"{count} changes are tried again.", messages.SUCCESS)
