"""Streams that hold something else for each user, such as `home`."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import Q

from feed.streams.stream import STREAMS, Stream


class Personal(Stream):
    """The stream named `prefix`: for each audience `audience:KEY` that its user is in, what is in `topic:KEY`.

        class Home(Personal):               # what the people do that I follow
            prefix = "home"
            audience = "followers"
            topic = "user"

    Nothing is stored for it, and a change names none of its users: each user's audiences say what it holds.
    """

    audience: str
    topic: str
    label = ""
    """What pages call it."""
    welcome_template = ""
    """What its page shows above the events, such as how to fill it."""
    is_badge = False
    """Whether pages are sent `badges` instead of rows."""

    def badges(self, keys: Collection[str]) -> Mapping[str, str]:
        """What the pages of users show of these topics as a whole, such as a number: HTML by the key of the topic."""
        return {}

    def accepts(self, key: str) -> bool:
        return not key

    def keys_of(self, event: Any) -> Iterable[object]:
        return ()  # the topics are recorded

    def events(self, key: str) -> Q:
        raise NotImplementedError  # see `ordinary`

    def topics(self, audiences: Iterable[str]) -> list[str]:
        """The streams that it consists of, for a user in these audiences."""
        begin = len(self.audience) + 1
        return [f"{self.topic}:{each[begin:]}" for each in audiences if each.startswith(f"{self.audience}:")]

    def topics_in(self, streams: Iterable[str]) -> set[str]:
        """The keys of the topics among these streams."""
        begin = len(self.topic) + 1
        return {each[begin:] for each in streams if each.startswith(f"{self.topic}:")}

    def audiences(self, streams: frozenset[str]) -> frozenset[str]:
        """The audiences for whose users it holds what is in these streams."""
        return _audiences(self.topic, self.audience, streams)


@lru_cache(1000)
def _audiences(topic: str, audience: str, streams: frozenset[str]) -> frozenset[str]:
    """Cached, because a hub asks for each watcher of the stream."""
    begin = len(topic) + 1
    return frozenset(f"{audience}:{each[begin:]}" for each in streams if each.startswith(f"{topic}:"))


def personal(names: Iterable[str]) -> list[Personal]:
    """The personal streams among those with these names."""
    found = (STREAMS.get(each) for each in names)
    return [stream for stream in found if isinstance(stream, Personal)]


def all_personal() -> list[Personal]:
    return [stream for stream in STREAMS.values() if isinstance(stream, Personal)]


def holds(personal: Iterable[Personal], streams: frozenset[str], audiences: frozenset[str]) -> bool:
    """Whether one of the personal streams holds what is in these streams, for a user in these audiences."""
    return any(not audiences.isdisjoint(each.audiences(streams)) for each in personal)


def ordinary(names: Iterable[str], audiences: Collection[str]) -> set[str]:
    """The streams with these names, for a user in these audiences: those that a personal one consists of in place of
    it."""
    wanted = set(names)
    for stream in personal(wanted):
        wanted.remove(stream.prefix)
        wanted.update(stream.topics(audiences))
    return wanted
