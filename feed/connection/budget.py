"""The budget of one client: how much it may send. A token bucket, without I/O.

Counting bytes isn't enough, because the server spends most of its time on websocket frames and on reads: an empty pong
of 6 bytes costs it as much as a message. So each frame and each read costs tokens, too.
"""

BURST = 32 * 1024
"""Tokens that a client may spend at once. A byte costs one token."""
PER_SECOND = 4 * 1024
"""Tokens that a client gets back: enough for ten messages a second, or four pings."""
FRAME = 256
"""Tokens for each message, besides its bytes."""
RARE = 768
"""Tokens for each ping, pong and fragment, besides its bytes. An honest client sends few of them."""
READ = 128
"""Tokens for each read: a client may send every byte separately."""
RETRY_AFTER = 0.5
"""Seconds until a client that has spent everything is read from again."""
MAX_OVERDRAWN = 5.0
"""Seconds until a client that goes on spending everything is disconnected."""
MAX_MESSAGE = 32 * 1024
"""Bytes of a message, finished or not."""
TEXT, BINARY, FIRST_CONTROL = 0x1, 0x2, 0x8


class Budget:
    """Counts what a client sends, from the first byte after the handshake. `now` is the time of any monotonic clock.

    is_exceeded: whether to disconnect the client.
    """

    __slots__ = ("_message", "_payload", "_spent_since", "_tokens", "_updated", "is_exceeded")

    def __init__(self, now: float) -> None:
        self.is_exceeded = False
        self._tokens = float(BURST)
        self._updated = now
        self._spent_since: float | None = None  # None also after half of the tokens have come back
        self._payload = 0  # bytes of the current frame that haven't come yet
        self._message = 0  # what the unfinished message has cost

    def read(self, size: int, now: float) -> None:
        """Pay for a read of `size` bytes."""
        self._refill(now)
        self._tokens -= READ + size

    def passable(self, waiting: bytes, now: float) -> int:
        """Return how many of the waiting bytes may be passed on, and count them as passed on.

        The header of a frame is passed on in one piece. The header of a message that is too large comes last: it lets
        the server tell the client.
        """
        self._refill(now)
        end = 0
        while self._tokens > 0 and not self.is_exceeded and (size := self._step(waiting, end)):
            end += size
        if self.is_spent:
            self._spent_since = now if self._spent_since is None else self._spent_since
            self.is_exceeded |= now - self._spent_since > MAX_OVERDRAWN
        return end

    @property
    def is_spent(self) -> bool:
        return self._tokens <= 0

    def _refill(self, now: float) -> None:
        self._tokens = min(BURST, self._tokens + (now - self._updated) * PER_SECOND)
        self._updated = now
        if self._tokens > BURST / 2:
            self._spent_since = None

    def _step(self, waiting: bytes, start: int) -> int:
        """Count the next header, or what has come of the current payload. Returns its size, 0 if it hasn't come."""
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
        """Pay for the current frame, which begins with this byte. Empty fragments cost as well."""
        opcode, is_last = first & 0x0F, first & 0x80
        begins = opcode in {TEXT, BINARY}
        self._tokens -= FRAME if begins else RARE
        if opcode < FIRST_CONTROL:
            self._message = self._payload + (0 if begins else self._message + RARE)
            self.is_exceeded |= self._message > MAX_MESSAGE
            if is_last:
                self._message = 0


def header_size(waiting: bytes, start: int) -> int:
    """The size of the frame header that begins here; 0 if it hasn't come completely."""
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
