"""The hubs of all processes and the handlers in the admin. The page asks anew every few seconds."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from feed import log
from feed.expiring import is_alive
from feed.handlers.lag import lags
from feed.hub_table import HubReport
from feed.log_admin import ReadOnlyAdmin

NEXT_TO = ("change", "handlercursor", "setaside", "webhook")
"""The pages of the admin that one looks at next, by the names of their models."""


class HubReportAdmin(ReadOnlyAdmin):
    list_display = [
        "host",
        "pid",
        "server",
        "version",
        "started_at",
        "of_formats",
        "blocked",
        "position",
        "lag",
        "bell_at",
        "is_stopping",
    ]
    list_display_links = None
    ordering = ["host", "pid"]
    list_per_page = 1000
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[HubReport]:
        return super().get_queryset(request).filter(is_alive())

    @admin.display(description="watchers")
    def of_formats(self, report: HubReport) -> str:
        return ", ".join(f"{count} {name}" for name, count in sorted(report.watchers.items())) or "0"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        names = [name for name in NEXT_TO if request.user.has_perm(f"feed.view_{name}")]
        registered = {model._meta.model_name: model for model in self.admin_site._registry}
        links = [registered[name]._meta for name in names if name in registered]
        watchers = sum(sum(each.watchers.values()) for each in HubReport.objects.filter(is_alive()))
        context = {"links": links, "state": log.state(), "total": watchers, **(extra_context or {})}
        if "handlercursor" in names and "handlercursor" in registered:
            context["handlers"] = lags()
        return super().changelist_view(request, context)
