from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from feed.admin import KindAdmin
from feed.models import Event
from feed.people import name_field
from profiles.forms import WebsiteField
from profiles.models import Follow, UserProfile


@admin.register(UserProfile)
class UserProfileAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "website"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]
    formfield_overrides = {models.URLField: {"form_class": WebsiteField, "assume_scheme": "https"}}

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{name_field()}"]


@admin.register(Follow)
class FollowAdmin(KindAdmin):
    """To add and to delete: a follow isn't changed."""

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False
