"""A client that reads JSON, and checks that its frames tile the log."""

import json
from typing import Any

from tests.machine.clients import Client, Lost


class Program(Client):
    format = "json"

    def take(self, text: str) -> None:
        frame = json.loads(text)
        if frame["type"] == "reset":
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
