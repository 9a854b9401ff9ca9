from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class FeedConfig(AppConfig):
    name = "feed"
    # That of the migrations. With the project's own, `makemigrations` would write into this app.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feed import admin, checks, receivers  # noqa: F401 (registers the checks)
        from feed.kinds.renames import follow_renames
        from feed.models import Event

        # Subclasses connect themselves when their class is made; the root has nobody who does it for it.
        receivers.connect(Event)
        pre_migrate.connect(follow_renames, sender=self)
        # The admin has looked through all apps by now, as it stands before this one in INSTALLED_APPS.
        admin.register_kinds()
