"""What a stream and an audience are. A subclass is registered by its prefix, and needs nothing else."""

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q

MAX_KEY = 150


class Stream:
    """The streams named `prefix:KEY`: a topic, open to all, that shows to each what they may see.

        class Service(Stream):
            prefix = "service"

            def keys_of(self, event):
                return [event.service] if isinstance(event, Deploy) else []

            def events(self, key):
                return Q(deploy__service=key)

    `keys_of` and `events` say the same: which events a stream holds. The log uses the first, pages and API the second.
    """

    prefix: str

    def __init_subclass__(cls) -> None:
        if prefix := vars(cls).get("prefix"):
            _register(prefix, cls)

    def accepts(self, key: str) -> bool:
        """Whether a stream may have this key."""
        return 0 < len(key) <= MAX_KEY and "\0" not in key

    def keys_of(self, event: Any) -> Iterable[object]:
        """The keys of the streams that hold the event."""
        raise NotImplementedError

    def events(self, key: str) -> Q:
        """The condition for the events of the stream, in terms of `Event`. Each side of an OR is looked up by itself,
        so each can use an index: of the field, and then of the id, both in the same direction."""
        raise NotImplementedError

    def conditions(self, keys: Iterable[str]) -> list[Q]:
        """The conditions for the events of several of these streams. May query the database, once for all of them."""
        return [self.events(key) for key in keys]

    def busiest(self, keys: list[str], among: Any, size: int) -> Iterable[str]:
        """Those of the keys whose streams hold the newest `size` of the events `among`; all of them if that is as fast.
        Asked for if there are more than `size`."""
        return keys

    def missing(self, keys: Iterable[str], audiences: Collection[str]) -> set[str]:
        """The keys of the streams that don't exist for a user of these audiences. May query the database. Raises
        Refusal if one may exist later."""
        return set()

    def needs_query(self, key: str) -> bool:
        """Whether only the database knows if the stream exists."""
        return type(self).missing is not Stream.missing


class Audience(Stream):
    """The audiences named `prefix:KEY`. Who may see their events is asked once for each user, and again after
    `access_changed`. The stream of the same name holds these events.

        class Team(Audience):
            prefix = "team"

            def keys_for(self, user):
                return user.teams.values_list("pk", flat=True)
    """

    is_secret = False
    """Whether an audience that the user isn't in is answered as if it didn't exist."""

    def keys_for(self, user: Any) -> Iterable[object]:
        """The keys of the audiences that this active user is in."""
        raise NotImplementedError

    def keys_to_post(self, user: Any) -> Iterable[object]:
        """The keys of the audiences that this active user may post to: by default, those that the user is in."""
        return self.keys_for(user)

    def label(self, key: str) -> str:
        """What rows call this audience."""
        return f"{self.prefix.replace('_', ' ').capitalize()} {key}"

    def choice(self, key: str) -> str:
        """What a form calls this audience, for a user who may post to it."""
        return self.label(key)

    def keys_of(self, event: Any) -> Iterable[object]:
        prefix, _, key = event.audience.partition(":")
        return (key,) if key and prefix == self.prefix else ()

    def events(self, key: str) -> Q:
        return Q(audience=name(self, key))


STREAMS: dict[str, Stream] = {}


def _register(prefix: str, cls: type[Stream]) -> None:
    if not prefix.isidentifier() or not prefix.islower():
        raise ImproperlyConfigured(f"The prefix of {cls.__name__} must be an identifier in lower case, not {prefix!r}.")
    other = type(STREAMS[prefix]) if prefix in STREAMS else cls
    if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ImproperlyConfigured(f"{other.__name__} and {cls.__name__} have the same prefix {prefix!r}.")
    STREAMS[prefix] = cls()


def name(stream: Stream, key: object) -> str:
    return f"{stream.prefix}:{key}" if key != "" else stream.prefix


def audience_classes() -> list[Audience]:
    return [stream for stream in STREAMS.values() if isinstance(stream, Audience)]
