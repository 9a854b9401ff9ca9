"""Every way in which a user may come to see an event."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model

from feed import log, people, streams
from feed.api.snapshots import read_changes, read_snapshot
from feed.models import Event
from feed.refusals import Refusal
from feed.testing.hub import InlineHub
from feed.testing.watcher import FeedWatcher


class Way(NamedTuple):
    """
    shows: whether the user sees the event there now.
    leaks: whether the user was ever shown it there, if only for a moment.
    """

    name: str
    shows: bool
    leaks: bool


def ways(user: Any, event: Any) -> list[Way]:
    """All ways to the event. Raises ValueError if the event isn't saved."""
    if event.pk is None:
        raise ValueError(f"{event!r} isn't saved, so nobody can see it.")
    event = Event.objects.filter(pk=event.pk).first() or event
    user = user and get_user_model()._default_manager.get(pk=user.pk) if getattr(user, "pk", None) else None
    return [visible_to(user, event), *(way for name in streams.of(event) for way in in_stream(name, user, event))]


def visible_to(user: Any, event: Any) -> Way:
    shows = Event.objects.visible_to(user).filter(pk=event.pk).exists()
    return Way("the pages and the API (visible_to)", shows, shows)


def in_stream(name: str, user: Any, event: Any) -> Iterator[Way]:
    yield by_socket(f"the live socket of {name}", event, lambda: live(name, user, event))
    yield by_socket(f"the change to {name}", event, lambda: changed(name, user, event))
    yield by_socket(f"the replay of {name}", event, lambda: FeedWatcher(InlineHub(), user, [name], 0, "json"))
    shows = in_snapshot(name, user, event)
    yield Way(f"the snapshot of {name}", shows, shows)
    yield by_poll(name, user, event)


def by_socket(name: str, event: Any, connect: Callable[[], FeedWatcher]) -> Way:
    try:
        watcher = connect()
    except Refusal:
        return Way(name, shows=False, leaks=False)
    return Way(name, event.pk in watcher.events(), event.pk in watcher.told)


def live(name: str, user: Any, event: Any) -> FeedWatcher:
    """A watcher that came just before the first change of the event."""
    head = log.number().head
    first = log.first_position(event.pk) or head + 1
    return FeedWatcher(InlineHub(after=first - 1), user, [name], None, "json")


def changed(name: str, user: Any, event: Any) -> FeedWatcher:
    """The same, of a watcher that came for another stream."""
    watcher = live("public", user, event)
    watcher.watch([name])
    return watcher


def by_poll(name: str, user: Any, event: Any) -> Way:
    """A program that asks for what has changed, from the beginning until nothing is left."""
    after, shows, leaks, has_more = 0, False, False, True
    while has_more:
        try:
            frame = json.loads(read_changes(user, streams.parse([name]), after))
        except Refusal:
            break
        if frame["type"] == "reset":
            shows = in_snapshot(name, user, event)
        for change in frame.get("changes", ()):
            shows = change["action"] != "deleted" if change["event"]["id"] == event.pk else shows
        leaks = leaks or shows
        after, has_more = frame["position"], frame["position"] != after
    return Way(f"the polls of {name}", shows, leaks)


def in_snapshot(name: str, user: Any, event: Any) -> bool:
    try:
        _, events = read_snapshot(user, streams.parse([name]), event.pk + 1, 1)
    except Refusal:
        return False
    return event in events


def described(user: Any) -> str:
    if user is None or not user.is_authenticated:
        return "An anonymous client"
    return f"{people.name_of(user)} (in {', '.join(sorted(streams.audiences_of(user)))})"
