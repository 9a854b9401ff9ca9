"""Why a request on the websocket can't be served."""


class Refusal(Exception):
    """A request that can't be served: a code for programs, a sentence for people, and the close code (44xx)."""

    def __init__(self, code: str, message: str, close: int = 4400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close = close
