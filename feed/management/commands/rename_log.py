from typing import Any

from django.core.management.base import BaseCommand

from feed import log


class Command(BaseCommand):
    help = "Give the log a new name. Run it after a restore from a backup: cursors from before are reset."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"The log is now named {log.rename()}.")
