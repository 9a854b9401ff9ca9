from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "feed"

    def ready(self) -> None:
        from feed import checks, receivers  # noqa: F401 (registers the checks)
        from feed.models import Event

        # Subclasses connect themselves when their class is made; the root has nobody who does it for it.
        receivers.connect(Event)
