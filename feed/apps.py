from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class FeedConfig(AppConfig):
    name = "feed"
    # As in the migrations. With the project's setting, `makemigrations` would write into this app.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feed import admin, checks, receivers  # noqa: F401 (registers the checks)
        from feed.kinds.renames import follow_renames
        from feed.models import Event

        # `__init_subclass__` connects the subclasses, but not Event itself.
        receivers.connect(Event)
        pre_migrate.connect(follow_renames, sender=self)
        # The admin has discovered all apps by now, because it stands before this app in INSTALLED_APPS.
        admin.register_kinds()
