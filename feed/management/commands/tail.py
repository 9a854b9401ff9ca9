import asyncio
import os
from typing import Any
from urllib.parse import urljoin

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import NoReverseMatch, reverse

from feed.client import AsyncClient, Cursor, Lost, RillError
from feed.client.terminal import lost_line, tail
from feed.paths import SOCKET


class Command(BaseCommand):
    help = "Follow a feed in the terminal. After a lost connection it continues where it was. Stop with Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        url = f"ws://localhost:{os.environ.get('PORT', '8000')}/{SOCKET}"
        parser.add_argument("--url", default=url, help=f"the feed's websocket, or its site (default: {url})")
        parser.add_argument("--after", type=int, metavar="N", help="start after this position (default: the head)")
        parser.add_argument(
            "--stream",
            action="append",
            default=[],
            help="public, user:NAME, kind:NAME or thread:ID; can be repeated (default: public)",
        )
        parser.add_argument("--json", action="store_true", help="print each frame as one line of JSON")

    def handle(self, *, url: str, after: int | None, stream: list[str], **options: Any) -> None:
        if after is not None and after < 0:
            raise CommandError(f"--after must not be negative, but is {after}.")
        try:
            site, socket = addresses(url)
            client = AsyncClient(site, socket=socket, token=os.environ.get("RILL_TOKEN", ""))
            cursor = None if after is None else Cursor(after)
            asyncio.run(self.follow(client, stream, cursor, as_json=options["json"]))
        except (RillError, ValueError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            pass

    async def follow(self, client: AsyncClient, streams: list[str], after: Cursor | None, *, as_json: bool) -> None:
        following = client.follow(streams, after=after, on_lost=self.write_lost)
        await tail(following, self.write, self.stderr.write, as_json=as_json)

    def write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def write_lost(self, lost: Lost) -> None:
        self.stderr.write(lost_line(lost))


def addresses(url: str) -> tuple[str, str]:
    """The URLs of the site and of its websocket, "" for the usual one. A URL that names the websocket doesn't say where
    the API is: where this project has it."""
    if not url.endswith(SOCKET):
        return url, ""
    try:
        api = reverse("api:api-root")
    except NoReverseMatch:
        api = ""
    below = api.strip("/").removesuffix("api") if api.endswith("/api/") else ""
    return urljoin(url.removesuffix(SOCKET), below), url
