"""Why a request is refused."""

STATUS = {4401: 401, 4403: 403, 4404: 404, 4405: 405, 4429: 429, None: 503}
"""The HTTP status for each close code of the websocket. 400 for all others."""


class Refusal(Exception):
    """
    code: for programs. message: for people.
    close: the close code of the websocket (44xx); None if the client should try again.
    status: of the answer over HTTP.
    retry_after: seconds after which to try again over HTTP, or None if that is of no use.
    """

    def __init__(self, code: str, message: str, close: int | None = 4400, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close = close
        self.retry_after = retry_after
        self.status = STATUS.get(close, 400)
