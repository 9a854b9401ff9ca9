from django.contrib import admin
from django.db import models

from profiles.forms import WebsiteField
from profiles.models import UserProfile


@admin.register(UserProfile)
class UserProfileAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "website"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    raw_id_fields = ["user"]
    formfield_overrides = {models.URLField: {"form_class": WebsiteField, "assume_scheme": "https"}}
