from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from feed.admin import KindAdmin
from feed.models import Event
from feed.people import name_field
from profiles import pictures
from profiles.forms import WebsiteField
from profiles.models import Follow, UserProfile


@admin.register(UserProfile)
class UserProfileAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "display_name", "website", "picture"]
    actions = ["remove_pictures"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]
    formfield_overrides = {models.URLField: {"form_class": WebsiteField, "assume_scheme": "https"}}

    @admin.action(description="Remove the pictures", permissions=["change"])
    def remove_pictures(self, request: HttpRequest, profiles: QuerySet[UserProfile]) -> None:
        for profile in profiles.select_related("user"):
            pictures.remove(profile.user)
            self.log_change(request, profile, "The picture was removed.")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{name_field()}", "display_name"]


@admin.register(Follow)
class FollowAdmin(KindAdmin):
    """To add and to delete: a follow isn't changed."""

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False
