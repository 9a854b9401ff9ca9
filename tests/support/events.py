"""Parses a stream of server-sent events, as a browser does. Imports no Django."""


class EventParser:
    """
    events: the data of the complete events that nobody has taken yet.
    last_event_id: the newest id, which a browser sends when it connects again.
    retry: the milliseconds after which it does that; None if the server didn't say.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.last_event_id = ""
        self.retry: int | None = None
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            self._take(block.decode())

    def _take(self, block: str) -> None:
        lines = []
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            match name:
                case "data":
                    lines.append(value)
                case "id":
                    self.last_event_id = value
                case "retry":
                    self.retry = int(value)
                case _:
                    raise AssertionError(f"{line!r} is no line of an event.")
        if lines:
            self.events.append("\n".join(lines))
