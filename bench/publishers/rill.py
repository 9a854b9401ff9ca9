"""Saves an event of Rill. Its receivers publish it."""

from django.contrib.auth.models import User

from bench.events import USER, text_of
from bench.publishers import OrmPublisher
from feed.models import StatusChange


class RillPublisher(OrmPublisher):
    def __init__(self) -> None:
        self.user = User.objects.get_or_create(username=USER)[0]

    def save(self, mark: int) -> None:
        StatusChange.objects.create(user=self.user, text=text_of(mark))


publisher = RillPublisher
