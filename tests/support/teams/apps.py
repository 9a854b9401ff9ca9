from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "tests.support.teams"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from feed.streams import access_follows
        from feed.streams.stream import STREAMS
        from tests.support.audiences import TEAMS

        STREAMS.update(TEAMS)
        access_follows(User.groups)
