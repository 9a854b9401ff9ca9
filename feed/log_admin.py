"""The log in the admin, to look at: `feed.log` alone writes it. Cheap on a log of millions of changes."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest

from feed.kinds.kind import root_model
from feed.log import Change
from feed.numbers import parse_number

WINDOW = 100_000
"""The newest changes, which are listed, counted and filtered. An older one is found by its position."""


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LogAdmin(ReadOnlyAdmin):
    list_display = ["epoch", "floor", "head"]


class KindFilter(admin.SimpleListFilter):
    """By the kinds that there are. Django's own filter would look for them in the whole table."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(root_model().kinds())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ChangeAdmin(ReadOnlyAdmin):
    list_display = ["position", "action", "kind", "event_id", "audience", "streams", "at"]
    list_filter = ["action", KindFilter]
    ordering = ["-id"]
    sortable_by = ()
    show_full_result_count = False
    search_fields = ["position"]
    search_help_text = f"A position, or the id of an event. Listed are the newest {WINDOW:,} changes."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        newest: int | None = Change.objects.aggregate(newest=Max("id"))["newest"]
        return super().get_queryset(request).filter(id__gt=(newest or 0) - WINDOW)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Change], search_term: str
    ) -> tuple[QuerySet[Change], bool]:
        """By the position in the whole log, and by the event among the newest changes: events have no index there."""
        if not search_term.strip():
            return queryset, False
        number = parse_number(search_term.strip())
        if number is None:
            return queryset.none(), False
        recent = queryset.filter(event_id=number).values("id")
        return Change.objects.filter(Q(position=number) | Q(id__in=recent)).order_by(*self.ordering), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Change | None:
        """Also one that isn't listed any more."""
        key = parse_number(object_id)
        return None if key is None else Change.objects.filter(pk=key).first()
