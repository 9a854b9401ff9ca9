import os

from django.apps import AppConfig
from django.contrib.admin import apps

from project.forking import forget_connections


class ProjectConfig(AppConfig):
    name = "project"

    def ready(self) -> None:
        os.register_at_fork(after_in_child=forget_connections)


class AdminConfig(apps.AdminConfig):
    """Django's own, with another site."""

    default_site = "profiles.site.Site"
