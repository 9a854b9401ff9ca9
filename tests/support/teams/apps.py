from django.apps import AppConfig

from feed.streams import access_follows
from feed.streams.stream import STREAMS


class TeamsConfig(AppConfig):
    name = "tests.support.teams"

    def ready(self) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415 (when all apps are loaded)

        from tests.support.audiences import TEAMS  # noqa: PLC0415

        STREAMS.update(TEAMS)
        access_follows(User.groups)
