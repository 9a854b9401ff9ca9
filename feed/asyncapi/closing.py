"""The close codes of the websocket. docs/protocol.md explains them, and a test holds the two together."""

from typing import NamedTuple


class CloseCode(NamedTuple):
    """
    codes: the codes of the error frame before it, as far as there is one. Where two have the same close code, they
        decide.
    retry: whether the same request may succeed later.
    """

    code: int
    meaning: str
    codes: tuple[str, ...] = ()
    retry: bool = False


UNAUTHENTICATED = ("other_user", "session_ended", "login_needed", "bad_token", "bad_ticket")
CLOSE_CODES = [
    CloseCode(4400, "A bad request", ("bad_request", "bad_cursor", "too_large")),
    CloseCode(4401, "Log in, or send another token", UNAUTHENTICATED),
    CloseCode(4403, "Not yours", ("missing_scope",)),
    CloseCode(4404, "Not found", ("unknown_stream", "not_found")),
    CloseCode(4408, "Reserved: too slow", retry=True),
    CloseCode(4429, "Too many streams", ("too_many_streams",)),
    CloseCode(4429, "Too many messages in 10 s", ("too_many_messages",), retry=True),
    CloseCode(1012, "The server is stopping, or can't serve this now", ("not_here_yet",), retry=True),
    CloseCode(4012, "The same, from servers that can't send 1012", ("not_here_yet",), retry=True),
]
