import asyncio
import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed.handler_tables import HandlerCursor
from feed.handlers import cursors
from feed.handlers.crew import Crew
from feed.handlers.lag import lags
from feed.handlers.registry import all_handlers
from feed.handlers.running import catch_up

STOPS = (signal.SIGTERM, signal.SIGINT)


class Command(BaseCommand):
    help = (
        "Call the handlers for every change, from where each of them is. Stop with Ctrl-C or SIGTERM."
        " Several processes may run at once: each handler runs in one of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="the handlers to run (default: all)")
        parser.add_argument("--once", action="store_true", help="handle what there is, and exit")
        parser.add_argument("--list", action="store_true", help="say how far each handler is, and exit")
        parser.add_argument(
            "--resume",
            action="store_true",
            help="let the named handlers go on that have stopped because the log was pruned or renamed",
        )

    def handle(self, *, names: list[str], once: bool, resume: bool, **options: Any) -> None:
        if unknown := set(names) - all_handlers().keys():
            known = ", ".join(sorted(all_handlers())) or "none"
            raise CommandError(f"There is no handler {', '.join(sorted(unknown))}. There are: {known}.")
        if options["list"]:
            self._list()
            return
        if resume:
            self._resume(names)
        if once:
            self._run_once(names)
        else:
            asyncio.run(self._run(names))

    def _list(self) -> None:
        for lag in lags():
            self.stdout.write(f"{lag.name}: {lag.state}, {lag.behind} behind, {lag.set_aside} set aside")

    def _resume(self, names: list[str]) -> None:
        if not names:
            raise CommandError("Name the handlers to resume.")
        for name in names:
            try:
                self.stdout.write(f"{name} goes on after {cursors.resume(name)}.")
            except HandlerCursor.DoesNotExist:
                raise CommandError(f"The handler {name} has never run.") from None

    def _run_once(self, names: list[str]) -> None:
        stopping = Event()
        before = {number: signal.signal(number, lambda *_: stopping.set()) for number in STOPS}
        try:
            for name, handler in all_handlers().items():
                if not names or name in names:
                    catch_up(handler, stopping.is_set)
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)

    async def _run(self, names: list[str]) -> None:
        crew = Crew(names)
        for number in STOPS:
            asyncio.get_running_loop().add_signal_handler(number, crew.stop)
        self.stdout.write("Handlers run. Stop with Ctrl-C.")
        self.stdout.flush()
        await crew.run()
