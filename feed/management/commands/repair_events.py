from typing import Any

from django.core.management.base import BaseCommand

from feed.models import Event
from feed.repair import kinds_in_use, repair


class Command(BaseCommand):
    help = "Correct the kind of events that a data migration, a fixture or SQL has created, and tell every watcher."

    def handle(self, **options: Any) -> None:
        for (wrong, right), count in repair().items():
            self.stdout.write(f"{count} events of the kind {wrong!r} now have the kind {right!r}.")
        for name in sorted(set(kinds_in_use()) - set(Event.kinds())):
            count = Event.rows.filter(kind=name).count()
            self.stdout.write(
                self.style.WARNING(
                    f"{count} events have the kind {name!r}, which no installed app defines."
                    " They have no row in the table of another kind, so they stay unchanged."
                )
            )
