from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import models

from profiles.forms import WebsiteField
from profiles.models import UserProfile


@admin.register(UserProfile)
class UserProfileAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "website"]
    list_select_related = ["user"]
    search_fields = [f"user__{get_user_model().USERNAME_FIELD}"]
    raw_id_fields = ["user"]
    formfield_overrides = {models.URLField: {"form_class": WebsiteField, "assume_scheme": "https"}}
