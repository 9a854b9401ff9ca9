"""The clients: one for async code, and one for the rest."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Self, TypeVar

from .errors import NotFound, Unavailable
from .following import Door, Following, load, log_lost, names_of
from .http import Http
from .site import Site
from .timing import Backoff, Timing
from .updates import Cursor, Event, Lost, Snapshot, Update

Result = TypeVar("Result")


class AsyncClient:
    """A client of the site at `url`.

    token: an access token. socket: the URL of the websocket, if it isn't `ws/feed/` below the URL of the site.
    Raises ValueError for a URL that makes no sense.
    """

    def __init__(self, url: str, *, token: str = "", socket: str = "", timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._site = Site.at(url, socket)
        self._http = Http(token, self._timing.timeout)
        self._door = Door(self._site, self._http, self._timing)

    def follow(
        self,
        streams: Iterable[str] = (),
        *,
        after: Cursor | int | None = None,
        snapshot: bool = False,
        limit: int = 50,
        on_lost: Callable[[Lost], None] = log_lost,
    ) -> Following:
        """Iterate over what happens in the streams (`public` without any) after the cursor, and go on after failures.

        Without a cursor it begins now; with `snapshot` it then begins with the newest `limit` events. on_lost: is told
        of each lost connection. The iteration raises Refused.
        """
        cursor = Cursor(after) if isinstance(after, int) else after
        return Following(self._door, streams, cursor, snapshot=snapshot, limit=limit, on_lost=on_lost)

    async def snapshot(self, streams: Iterable[str] = (), *, before: int | None = None, limit: int = 50) -> Snapshot:
        """The newest events, or the newest ones before the event with this id."""
        names = names_of(streams)
        return await self._tried(lambda: load(self._door, names, limit, before))

    async def ticket(self) -> str:
        """A ticket, with which a page of another site opens one websocket within a minute. Needs a token."""
        ticket: str = (await self._sent("POST", "tickets/"))["ticket"]
        return ticket

    @property
    def socket(self) -> str:
        """The URL of the websocket."""
        return self._door.site.socket

    async def event(self, number: int) -> Event:
        """The event with this id."""
        return await self._sent("GET", f"events/{number}/")

    async def post(self, kind: str, /, *, idempotency_key: str = "", **fields: Any) -> Event:
        """Post an event. It is tried again after failures, and is posted once.

        idempotency_key: names this post, also for a later process. The same key never posts twice within a day.
        """
        key = {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(24)}
        return await self._sent("POST", "events/", {"kind": kind, **fields}, key)

    async def edit(self, number: int, /, **fields: Any) -> Event:
        """Change these fields of an event of one's own."""
        return await self._sent("PATCH", f"events/{number}/", fields)

    async def delete(self, number: int) -> None:
        """Delete an event of one's own."""
        tries = 0

        async def once() -> None:
            nonlocal tries
            tries += 1
            try:
                await self._http.send("DELETE", self._site.api(f"events/{number}/"))
            except NotFound:
                if tries == 1:  # later, an earlier try has deleted it, and its answer was lost
                    raise

        await self._tried(once)

    async def _sent(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Event:
        event: Event = await self._tried(lambda: self._http.send(method, self._site.api(path), body, headers))
        return event

    async def _tried(self, send: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Try until it succeeds, is refused, or was tried `Timing.tries` times."""
        backoff = Backoff(self._timing)
        for _ in range(self._timing.tries - 1):
            try:
                return await send()
            except Unavailable as error:
                await asyncio.sleep(backoff.next(at_least=error.retry_after))
        return await send()


class Client:
    """The same without `await`. For one thread, and not inside a running event loop.

    While a `for` loop over `follow` works on an update, nothing is read: what happens meanwhile waits in the server.
    """

    def __init__(self, url: str, *, token: str = "", socket: str = "", timing: Timing | None = None) -> None:
        self._client = AsyncClient(url, token=token, socket=socket, timing=timing)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return run(self._runner, coroutine)

    def close(self) -> None:
        """End all that follows."""
        self._runner.close()

    def follow(
        self,
        streams: Iterable[str] = (),
        *,
        after: Cursor | int | None = None,
        snapshot: bool = False,
        limit: int = 50,
        on_lost: Callable[[Lost], None] = log_lost,
    ) -> "Feed":
        """As AsyncClient.follow."""
        following = self._client.follow(streams, after=after, snapshot=snapshot, limit=limit, on_lost=on_lost)
        return Feed(self._runner, following)

    def snapshot(self, streams: Iterable[str] = (), *, before: int | None = None, limit: int = 50) -> Snapshot:
        """As AsyncClient.snapshot."""
        return self._run(self._client.snapshot(streams, before=before, limit=limit))

    def ticket(self) -> str:
        """As AsyncClient.ticket."""
        return self._run(self._client.ticket())

    @property
    def socket(self) -> str:
        """The URL of the websocket."""
        return self._client.socket

    def event(self, number: int) -> Event:
        """As AsyncClient.event."""
        return self._run(self._client.event(number))

    def post(self, kind: str, /, *, idempotency_key: str = "", **fields: Any) -> Event:
        """As AsyncClient.post."""
        return self._run(self._client.post(kind, idempotency_key=idempotency_key, **fields))

    def edit(self, number: int, /, **fields: Any) -> Event:
        """As AsyncClient.edit."""
        return self._run(self._client.edit(number, **fields))

    def delete(self, number: int) -> None:
        """As AsyncClient.delete."""
        self._run(self._client.delete(number))


class Feed(Iterator[Update]):
    """What Client.follow returns: Following without `await`."""

    def __init__(self, runner: asyncio.Runner, following: Following) -> None:
        self._runner = runner
        self._following = following

    def __next__(self) -> Update:
        try:
            return run(self._runner, self._following.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    @property
    def cursor(self) -> Cursor | None:
        return self._following.cursor

    @property
    def streams(self) -> tuple[str, ...]:
        return self._following.streams

    def watch(self, streams: Iterable[str], *, after: Cursor | int | None = None) -> None:
        """As Following.watch."""
        run(self._runner, self._following.watch(streams, after=after))

    def close(self) -> None:
        """Disconnect. The iteration ends."""
        run(self._runner, self._following.aclose())


def run(runner: asyncio.Runner, coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run it to its end. Raises RuntimeError in a thread whose event loop is running."""
    try:
        return runner.run(coroutine)
    except RuntimeError as error:
        coroutine.close()
        raise RuntimeError(f"{error}. In async code use rill.AsyncClient.") from None
