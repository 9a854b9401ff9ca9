from typing import Any

from django.core.management.base import BaseCommand

from feed.models import Event
from feed.repair import kinds_in_use, repair


class Command(BaseCommand):
    help = "Correct the kind of events that were made by a data migration, a fixture or SQL, and tell every watcher."

    def handle(self, **options: Any) -> None:
        for (said, right), count in repair().items():
            self.stdout.write(f"{count} events of the kind {said!r} are now of the kind {right!r}.")
        for name in sorted(set(kinds_in_use()) - set(Event.kinds())):
            count = Event.rows.filter(kind=name).count()
            self.stdout.write(
                self.style.WARNING(
                    f"{count} events are of the kind {name!r}, which no app has, and have no other part. They stay."
                )
            )
