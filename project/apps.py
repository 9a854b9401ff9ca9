import os

from django.apps import AppConfig
from django.contrib.admin import apps

from project.forking import discard_connections


class ProjectConfig(AppConfig):
    name = "project"

    def ready(self) -> None:
        os.register_at_fork(after_in_child=discard_connections)


class AdminConfig(apps.AdminConfig):
    """Django's admin, with Rill's admin site."""

    default_site = "profiles.site.Site"
