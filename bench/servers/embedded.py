"""Wraps the measured ASGI application so that events can be posted inside its process.

The in-memory channel layer doesn't cross processes, so the server itself has to save the events. Requests for `PATH`
do that. All other requests reach the application unchanged.
"""

import json
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async

PATH = "/bench/post/"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def with_posting(application: Application, publisher: str) -> Application:
    """publisher: a module of bench.publishers. It runs in the thread in which Django runs synchronous views."""

    @cache
    def known() -> Any:
        return import_module(f"bench.publishers.{publisher}").publisher()

    def commit(first: int, count: int) -> int:
        committed: int = known().commit(range(first, first + count))
        return committed

    async def posting(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await application(scope, receive, send)
            return
        first, count = map(int, scope["query_string"].split(b"+"))
        body = json.dumps({"committed": await sync_to_async(commit)(first, count)}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return posting
