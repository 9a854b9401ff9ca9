"""Requests to the API, with the standard library: one connection for each."""

import asyncio
import json
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .errors import Unavailable, of_status


class NoRedirects(HTTPRedirectHandler):
    """urllib would send the token on to wherever a redirect leads."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        return None


opener = build_opener(NoRedirects)


class Http:
    """Sends requests with the token, if there is one."""

    def __init__(self, token: str, timeout: float) -> None:
        self._token = token
        self._timeout = timeout

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    async def send(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The body of the answer, read as JSON. Raises Refused, and Unavailable if the same may succeed later."""
        content = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if content else {}
        sent = {"Accept": "application/json", **kind, **self.authorization, **(headers or {})}
        request = Request(url, content, sent, method=method)  # noqa: S310 (http or https: Site checks it)
        return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: Request) -> Any:
        try:
            with opener.open(request, timeout=self._timeout) as answer:
                text = answer.read()
            return json.loads(text) if text else None
        except HTTPError as error:
            raise self._refusal(error) from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(f"{request.full_url} can't be read: {error}") from error

    def _refusal(self, error: HTTPError) -> Exception:
        with error:
            told = reason_in(error)
        message = told.get("message") or f"{error.url} answers {error.code} {error.reason}."
        if 300 <= error.code < 400:
            message = f"{error.url} is now {error.headers['Location']}. Use that URL."
        return of_status(error.code, message, told.get("code", ""), error.headers["Retry-After"])


def reason_in(answer: HTTPError) -> dict[str, str]:
    """The `code` and the `message` of an answer of the API. Empty for one of a proxy."""
    try:
        told = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
