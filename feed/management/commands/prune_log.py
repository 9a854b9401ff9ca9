from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from feed import idempotency, log
from feed.conf import conf


class Command(BaseCommand):
    help = (
        "Delete old changes from the log, and the keys of posts that are older than a day."
        " Events stay. A client whose cursor is older than the log gets a reset."
    )
    _tenths = 0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=float,
            default=conf.FEED_RETENTION,
            help="delete changes that are older than this (default: FEED_RETENTION)",
        )

    def handle(self, *, days: float, **options: Any) -> None:
        if days < 0:
            raise CommandError(f"--days must be 0 or more, not {days:g}.")
        pruned = log.prune(timezone.now() - timedelta(days=days), self._show)
        idempotency.prune()
        state = log.state()
        self.stdout.write(f"{pruned} changes deleted. The log holds the positions {state.floor + 1} to {state.head}.")

    def _show(self, done: int, total: int) -> None:
        """Write a line after each tenth, because pruning can take minutes."""
        tenths = 10 * done // total
        if self._tenths < tenths < 10:
            self.stdout.write(f"{done} of {total} changes deleted ...")
            self.stdout.flush()
        self._tenths = tenths
