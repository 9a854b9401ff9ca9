"""A client of the websocket without a socket."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from feed import streams
from feed.api.snapshots import read_snapshot
from feed.frames.describe import as_json
from feed.frames.formats import FORMATS
from feed.hub.polling import Kept
from feed.hub.watcher import Login, Watcher
from feed.refusals import Refusal
from feed.testing.hub import InlineHub

Json = dict[str, Any]
ALL_EVENTS = 10**6
"""Events in a snapshot. A real client reads it page by page."""


class FailingWatcher(Watcher):
    """Keeps the reason why it was ended, for the test to raise."""

    __slots__ = ()

    def end(self, reason: Exception) -> None:
        self.reason = self.reason or reason


class FeedWatcher:
    """Follows streams as docs/protocol.md tells clients to. Raises Refusal where the socket is refused."""

    def __init__(self, hub: InlineHub, user: Any, names: Iterable[str], after: int | None, form: str) -> None:
        if form not in FORMATS:
            raise ValueError(f"The format of a watcher must be one of {', '.join(FORMATS)}, not {form!r}.")
        self.user = user if user is not None and user.is_authenticated else None
        self.streams = parsed(names)
        self._hub, self._format, self._mailbox = hub, form, Kept()
        self._state: dict[int, Json] = {}
        self._unread: list[Any] = []
        self.told: set[int] = set()
        """The ids of the events that it was shown at any time."""
        self._check(self.streams, must_exist=not after)
        self._watcher = FailingWatcher(self.streams, form, self._mailbox, login=self._login())
        hub.join(self._watcher, after)
        self._receive()

    def watch(self, names: Iterable[str], after: int | None = None) -> None:
        """Watch these streams instead, as `{"type": "watch"}` does. What it has of the others stays in `events()`."""
        self._need("json")
        wanted = parsed(names)
        self._check(wanted, must_exist=not after)
        self.streams = wanted
        self._hub.watch(self._watcher, wanted, after)
        self._receive()

    def frames(self) -> list[Json]:
        """The frames since the last call, decoded. Of several changes of an event, a frame has the last."""
        self._need("json")
        return self._read()

    def changes(self) -> list[Json]:
        """The changes in the frames since the last call."""
        return [change for frame in self.frames() for change in frame.get("changes", ())]

    def events(self) -> dict[int, Json]:
        """The events that the client has now, by id. It began with none, and loads the snapshot at a `reset`."""
        self._need("json")
        self._hub.advance()
        self._receive()
        return dict(self._state)

    def html(self) -> str:
        """What a page was sent since the last call."""
        self._need("html")
        return "".join(self._read())

    def _check(self, names: frozenset[str], *, must_exist: bool) -> None:
        check = streams.check if must_exist else streams.check_access
        check(names, streams.audiences_of_key(self._key()))

    def _key(self) -> str:
        return get_user_model()._meta.pk.value_to_string(self.user) if self.user else ""

    def _login(self) -> Login | None:
        return Login("", self._key(), "") if self.user else None

    def _need(self, form: str) -> None:
        if self._format != form:
            raise ValueError(f"This watcher was made with format={self._format!r}; it takes format={form!r}.")

    def _read(self) -> list[Any]:
        self._hub.advance()
        self._receive()
        unread, self._unread = self._unread, []
        return unread

    def _receive(self) -> None:
        if self._watcher.reason:
            raise self._watcher.reason
        frames, self._mailbox.frames = self._mailbox.frames, []
        for text in (frame.text for frame in frames):
            if self._format == "json":
                self._unread.append(frame := json.loads(text))
                self._apply(frame)
            else:
                self._unread.append(text)

    def _apply(self, frame: Json) -> None:
        if frame["type"] == "reset":
            self._state = self._snapshot()
        for change in frame.get("changes", ()):
            event = change["event"]
            if change["action"] == "deleted":
                self._state.pop(event["id"], None)
            else:
                self._state[event["id"]] = event
        self.told |= self._state.keys()

    def _snapshot(self) -> dict[int, Json]:
        """The snapshot of the API. A client that is refused it has nothing left."""
        user = get_user_model()._default_manager.filter(pk=self.user.pk).first() if self.user else None
        try:
            _, events = read_snapshot(user, self.streams, None, ALL_EVENTS)
        except Refusal:
            return {}
        return {event.pk: json.loads(as_json(event)) for event in events}


def parsed(names: Iterable[str]) -> frozenset[str]:
    return streams.parse([names] if isinstance(names, str) else names)
