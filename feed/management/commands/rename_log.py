from typing import Any

from django.core.management.base import BaseCommand

from feed import log


class Command(BaseCommand):
    help = "Give the log a new name. Run this after restoring a backup, so that clients with older cursors get a reset."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"The log's name is now {log.rename()}.")
