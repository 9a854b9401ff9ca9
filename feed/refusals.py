"""Why a request is refused."""


class Refusal(Exception):
    """
    code: for programs. message: for people.
    close: the close code of the websocket (44xx); None if the client should try again.
    """

    def __init__(self, code: str, message: str, close: int | None = 4400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close = close
