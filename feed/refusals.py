"""Why a request on the websocket can't be served."""


class Refusal(Exception):
    """A request that can't be served: a code for programs, a sentence for people, and the close code (44xx).

    close: None if time will cure it: the client is told to come back.
    """

    def __init__(self, code: str, message: str, close: int | None = 4400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close = close
