import asyncio
import os
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed.client import RillError
from feed.mirror import copying
from feed.mirror.following import Follower
from feed.mirror.source import Source
from feed.mirror_table import Mirror


class Command(BaseCommand):
    help = (
        "Make this database a copy of another site's feed, and keep it one. Stop with Ctrl-C or SIGTERM, or kill it:"
        " it continues where it was."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", metavar="URL", help="the site, such as https://rill.example/")
        parser.add_argument(
            "--stream", action="append", default=[], metavar="NAME", help="can be repeated (default: public)"
        )
        parser.add_argument(
            "--token",
            default=os.environ.get("RILL_TOKEN", ""),
            help="an access token, to copy what its user sees; better in the variable RILL_TOKEN, which other users of"
            " the machine can't read",
        )
        parser.add_argument("--once", action="store_true", help="copy what there is now, and exit")
        parser.add_argument(
            "--anew",
            action="store_true",
            help="read the whole feed again; also to replace the copy by one of another site or of other streams",
        )

    def handle(self, *, url: str, stream: list[str], token: str, once: bool, anew: bool, **options: Any) -> None:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise CommandError(f"URL must be that of a site, like https://rill.example/, not {url!r}.")
        source = Source(url, stream, token)
        try:
            if anew or not Mirror.objects.exists():
                asyncio.run(source.head())  # before a wrong URL takes the place of what is here
            follower = Follower(source, copying.begun(source.url, sorted({*stream}), anew=anew), self._tell)
            asyncio.run(follower.run_once() if once else follower.run())
        except (RillError, copying.NotPossible, copying.Overtaken, copying.Gap) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            pass

    def _tell(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
