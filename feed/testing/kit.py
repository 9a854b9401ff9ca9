"""What a test can ask."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

from feed.testing.hub import InlineHub
from feed.testing.watcher import FeedWatcher
from feed.testing.ways import Way, described, ways


class FeedKit:
    """For one test. Its watchers share a hub."""

    def feed_watcher(
        self,
        user: Any = None,
        streams: Collection[str] = ("public",),
        after: int | None = None,
        format: str = "json",
    ) -> FeedWatcher:
        """A client that has just connected; `user=None` is one that isn't logged in. Raises Refusal if the user may not
        watch one of the streams, or if one doesn't exist."""
        self._hub.advance()
        return FeedWatcher(self._hub, user, streams, after, format)

    def assert_sees(self, user: Any, event: Any) -> None:
        """The user sees the event on every way: live, by replay, in snapshots and pages, in each stream of it."""
        found = ways(user, event)
        differing = [way for way in found if not way.shows]
        assert not differing, message(f"{described(user)} doesn't see", event, found, differing)

    def assert_not_sees(self, user: Any, event: Any) -> None:
        """The user sees the event on no way, not even for a moment."""
        found = ways(user, event)
        differing = [way for way in found if way.leaks]
        assert not differing, message(f"{described(user)} sees", event, found, differing)

    @cached_property
    def _hub(self) -> InlineHub:
        return InlineHub()


def message(what: str, event: Any, found: list[Way], differing: list[Way]) -> str:
    named = "; ".join(way.name for way in differing)
    where = "on all ways" if len(differing) == len(found) else f"on {len(differing)} of {len(found)} ways: {named}"
    return f"{what} {event.kind} {event.pk} (audience {event.audience}) {where}."
