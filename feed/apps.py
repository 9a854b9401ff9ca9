from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "feed"

    def ready(self) -> None:
        from feed import admin, checks, receivers  # noqa: F401 (registers the checks)
        from feed.models import Event

        # Subclasses connect themselves when their class is made; the root has nobody who does it for it.
        receivers.connect(Event)
        # The admin has looked through all apps by now, as it stands before this one in INSTALLED_APPS.
        admin.register_kinds()
