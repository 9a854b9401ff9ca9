from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Django's own, with another site."""

    default_site = "profiles.site.Site"
