import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed.simulation import RealAccount, changes, person


class Command(BaseCommand):
    help = "Simulate people who post, comment, edit and delete, so that there is something to watch. Stop with Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rate", type=float, default=1.0, help="changes a second (default: 1)")
        parser.add_argument("--people", type=int, default=5, help="how many people (default: 5)")
        parser.add_argument("--count", type=int, help="stop after this many changes (default: never)")

    def handle(self, *, rate: float, people: int, count: int | None, **options: Any) -> None:
        if rate <= 0 or people < 1:
            raise CommandError(f"--rate must be above 0 and --people at least 1, not {rate:g} and {people}.")
        try:
            crowd = [person(number) for number in range(people)]
        except RealAccount as error:
            raise CommandError(str(error)) from None
        done = 0
        start = time.monotonic()
        try:
            if count != 0:
                for _ in changes(crowd, rate):
                    done += 1
                    if done == count:
                        break
        except KeyboardInterrupt:
            pass
        self.stdout.write(f"{done} changes by {people} people in {time.monotonic() - start:.1f} s.")
