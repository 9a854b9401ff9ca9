"""A client that reads JSON, and checks that its frames tile the log."""

import json
from typing import Any

from feed import log
from feed.refusals import Refusal
from tests.machine.clients import Client, Lost
from tests.machine.sight import State


class Program(Client):
    """loaded: the snapshot of the streams that it has asked for, until it is told that it watches them."""

    format = "json"
    loaded: State | None = None

    def change_streams(self, wanted: frozenset[str]) -> None:
        """Load the snapshot of other streams, and follow them from there. A refusal disconnects."""
        assert self.hub
        before, self.streams = self.streams, wanted
        state, self.loaded = log.state(), self.snapshot()
        try:
            self.loop.run_until_complete(self.hub.watch(self.watcher, wanted, state.head, state.epoch))
        except Refusal:
            self.streams, self.loaded = before, None
            self.disconnect()

    def take(self, text: str) -> None:
        frame = json.loads(text)
        if frame["type"] == "watching":
            assert self.loaded is not None
            assert frozenset(frame["streams"]) == self.streams
            assert frame["position"] <= (self.cursor or 0)
            self.state, self.loaded = self.loaded, None
        elif frame["type"] == "reset":
            self.load()
        elif self.cursor is None:  # it had no cursor, and the first frame has the log's head
            assert not frame["changes"]
            self.load()
        else:
            self.follow(frame)
        self.cursor, self.log = frame["position"], frame["log"]

    def follow(self, frame: dict[str, Any]) -> None:
        assert frame["after"] == self.cursor, (
            f"{self} is at {self.cursor}, but its frame begins after {frame['after']}."
        )
        positions = [frame["after"], *(change["position"] for change in frame["changes"])]
        if positions != sorted(set(positions)) or positions[-1] > frame["position"]:
            raise Lost(f"{self} was sent the positions {positions} in a frame that ends at {frame['position']}.")
        for change in frame["changes"]:
            event = change["event"]
            if change["action"] == "deleted":
                self.state.pop(event["id"], None)
            else:
                self.put(event["id"], event)
