"""The budget of one client: how much it may send, counted in frames of the websocket protocol. Logic without I/O.

A token bucket. Bytes alone would not do, since the server spends most of its time on frames and on reads: an empty pong
of 6 bytes costs it as much as a message. So each frame and each read costs tokens, too.
"""

BURST = 32 * 1024
"""Tokens that a client may spend at once. A byte costs one."""
PER_SECOND = 4 * 1024
"""Tokens that it is given back: enough for ten messages a second, or for four pings."""
FRAME = 256
"""Tokens that each message costs besides its bytes."""
RARE = 768
"""Tokens that each ping, pong and part of a message costs besides its bytes. An honest client sends few of them."""
READ = 128
"""Tokens that each read costs: a client may send every byte by itself."""
PAUSE = 0.5
"""Seconds after which a client that has spent everything is looked at again."""
PATIENCE = 5.0
"""Seconds after which a client that still spends everything is ended."""
LARGEST = 32 * 1024
"""Bytes of one message, finished or not."""
TEXT, BINARY, FIRST_CONTROL = 0x1, 0x2, 0x8


class Budget:
    """Counts what a client sends, from the first byte after the handshake. Times are those of any monotonic clock.

    is_exceeded: whether the client has to be ended.
    """

    __slots__ = ("_message", "_payload", "_since", "_tokens", "_updated", "is_exceeded")

    def __init__(self, now: float) -> None:
        self.is_exceeded = False
        self._tokens = float(BURST)
        self._updated = now
        self._since: float | None = None  # it has spent everything, and hasn't recovered from that
        self._payload = 0  # bytes of the current frame that are still to come
        self._message = 0  # what the message that isn't finished has cost

    def read(self, size: int, now: float) -> None:
        """Pay for a read of so many bytes."""
        self._refill(now)
        self._tokens -= READ + size

    def passable(self, waiting: bytes, now: float) -> int:
        """Return how many of the bytes that wait may be passed on, and count them as passed on.

        A frame's header is passed on in one piece. That of a message that is too large is the last: by it the server
        can tell the client.
        """
        self._refill(now)
        end = 0
        while self._tokens > 0 and not self.is_exceeded and (size := self._step(waiting, end)):
            end += size
        if self.is_spent:
            self._since = now if self._since is None else self._since
            self.is_exceeded |= now - self._since > PATIENCE
        return end

    @property
    def is_spent(self) -> bool:
        return self._tokens <= 0

    def _refill(self, now: float) -> None:
        self._tokens = min(BURST, self._tokens + (now - self._updated) * PER_SECOND)
        self._updated = now
        if self._tokens > BURST / 2:
            self._since = None

    def _step(self, waiting: bytes, start: int) -> int:
        """Return the size of the next header, or of what is there of the current payload."""
        if self._payload:
            size = min(self._payload, len(waiting) - start)
            self._payload -= size
            return size
        size = header_size(waiting, start)
        if size:
            self._payload = payload_size(waiting, start)
            self._count(waiting[start])
        return size

    def _count(self, first: int) -> None:
        """Pay for the current frame, which begins with this byte, and add it to its message. Empty parts cost, too."""
        opcode, is_last = first & 0x0F, first & 0x80
        begins = opcode in {TEXT, BINARY}
        self._tokens -= FRAME if begins else RARE
        if opcode < FIRST_CONTROL:
            self._message = self._payload + (0 if begins else self._message + RARE)
            self.is_exceeded |= self._message > LARGEST
            if is_last:
                self._message = 0


def header_size(waiting: bytes, start: int) -> int:
    """Return the size of the frame header that begins here, 0 if not all of it is there."""
    if len(waiting) - start < 2:
        return 0
    length = waiting[start + 1] & 0x7F
    size = 2 + {126: 2, 127: 8}.get(length, 0) + (4 if waiting[start + 1] & 0x80 else 0)
    return size if len(waiting) - start >= size else 0


def payload_size(waiting: bytes, start: int) -> int:
    length = waiting[start + 1] & 0x7F
    if length < 126:
        return length
    return int.from_bytes(waiting[start + 2 : start + (4 if length == 126 else 10)], "big")
