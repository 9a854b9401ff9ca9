"""A client that handles HTML as htmx does in a browser."""

import re

from feed import log
from tests.machine.clients import Client
from tests.machine.sight import State, own_part

PARTIAL = re.compile(r'<hx-partial hx-target="#([\w-]+)" hx-swap="(\w+)">(.*?)</hx-partial>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" id="(\w+)" name="\w+" value="(\w*)" hx-swap-oob="true">')
ROW = re.compile(r"event-(\d+)")


class Page(Client):
    """fetched: older rows that it has asked for, with their cursor."""

    format = "html"
    fetched: tuple[int, State] | None = None

    def start(self, where: str) -> None:
        """A page always knows the cursor at which its rows were read."""
        super().start("snapshot" if where == "head" else where)

    def log_in_again(self) -> None:
        self.fetched = None
        super().log_in_again()

    def take(self, text: str) -> None:
        if "data-reason" in text:
            self.load()
        else:
            self.follow(text)
        fields = dict(FIELD.findall(text))
        self.cursor, self.log = int(fields["cursor"]), fields.get("log", self.log)

    def follow(self, text: str) -> None:
        for target, swap, row in PARTIAL.findall(text):
            place = ROW.search(row if target == "incoming" else target)
            assert place
            pk = int(place[1])
            if swap == "delete":
                self.state.pop(pk, None)
            elif swap == "prepend" or pk in self.state:
                self.put(pk, own_part(row))

    def fetch(self) -> None:
        """Ask for rows. Like every snapshot, they come with a cursor that was read before them."""
        self.fetched = log.state().head, self.snapshot()

    def put_in(self) -> None:
        """Show the rows that were asked for, even if they are out of date by now, and send their cursor back."""
        assert self.fetched
        after, rows = self.fetched
        self.fetched = None
        self.state |= rows
        assert self.hub
        self.hub.rewind(self.watcher, after)
        self.cursor = self.watcher.cursor
