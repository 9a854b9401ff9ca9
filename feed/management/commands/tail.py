import asyncio
import json
import os
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed.client import FeedClient, Frame, Refused
from feed.paths import SOCKET


class Command(BaseCommand):
    help = "Follow a feed in the terminal. After a lost connection it continues where it was. Stop with Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        url = f"ws://localhost:{os.environ.get('PORT', '8000')}/{SOCKET}"
        parser.add_argument("--url", default=url, help=f"the feed's websocket (default: {url})")
        parser.add_argument("--after", type=int, metavar="N", help="start after this position (default: the head)")
        parser.add_argument(
            "--stream",
            action="append",
            default=[],
            help="public, user:NAME, kind:NAME or thread:ID; can be repeated (default: public)",
        )
        parser.add_argument("--json", action="store_true", help="print each frame as one line of JSON")

    def handle(self, *, url: str, after: int | None, stream: list[str], **options: Any) -> None:
        if urlsplit(url).scheme not in {"ws", "wss"} or not urlsplit(url).hostname:
            raise CommandError(f"--url must be a URL like ws://localhost:8000/{SOCKET}, not {url!r}.")
        if after is not None and after < 0:
            raise CommandError(f"--after must not be negative, but is {after}.")
        client = FeedClient(url, tuple(stream), after)
        try:
            asyncio.run(self.follow(client, as_json=options["json"]))
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        except KeyboardInterrupt:
            pass

    async def follow(self, client: FeedClient, *, as_json: bool) -> None:
        async for frame in client.frames():
            if isinstance(frame, Exception):
                self.stderr.write(f"Reconnecting after {client.after}: {frame}")
                continue
            while client.gaps:
                self.stderr.write(self.style.ERROR(f"GAP: {client.gaps.pop(0)}"))
            if as_json:
                self.stdout.write(json.dumps(frame, ensure_ascii=False))
            elif frame["type"] == "reset":
                await self.write_reset(client, frame)
            else:
                self.write_changes(frame)
            self.stdout.flush()

    def write_changes(self, frame: Frame) -> None:
        for change in frame["changes"]:
            event = change["event"]
            shown = event.get("summary", f"#{event['id']}")
            self.stdout.write(f"{change['position']:>8} {change['action']:<8} {event['kind']:<14} {printable(shown)}")

    async def write_reset(self, client: FeedClient, frame: Frame) -> None:
        """The cursor was refused: show the newest events and continue from the new position."""
        self.stderr.write(
            f"Reset ({frame['reason']}): showing the newest events, then continuing after {frame['position']}."
        )
        try:
            snapshot = await asyncio.to_thread(client.snapshot)
        except OSError as error:
            self.stderr.write(f"The newest events can't be loaded: {error}")
            return
        for event in reversed(snapshot["events"]):
            self.stdout.write(f"{'':>8} {'present':<8} {event['kind']:<14} {printable(event['summary'])}")


def printable(text: str) -> str:
    """The text in one line without control characters, so that an author can't control the reader's terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
