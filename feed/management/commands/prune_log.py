from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from feed import idempotency, log


class Command(BaseCommand):
    help = (
        "Forget the changes that are older than the log is kept, and the keys of posts after a day."
        " Events stay; a watcher from before gets a reset."
    )
    _tenths = 0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, default=settings.FEED_RETENTION, help="default: FEED_RETENTION")

    def handle(self, *, days: float, **options: Any) -> None:
        if days < 0:
            raise CommandError("--days can't be negative.")
        pruned = log.prune(timezone.now() - timedelta(days=days), self._show)
        idempotency.prune()
        state = log.state()
        self.stdout.write(f"{pruned} changes forgotten; the log holds {state.floor + 1} to {state.head}.")

    def _show(self, done: int, of: int) -> None:
        """A line for each tenth, as it can take minutes."""
        tenths = 10 * done // of
        if self._tenths < tenths < 10:
            self.stdout.write(f"{done} of {of} changes forgotten ...")
            self.stdout.flush()
        self._tenths = tenths
