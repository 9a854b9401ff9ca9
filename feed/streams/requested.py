"""The streams that a client asks for by name."""

from collections.abc import Collection, Iterable

from feed.log.tables import PUBLIC
from feed.refusals import Refusal
from feed.streams.personal import Personal
from feed.streams.stream import STREAMS, Audience, Stream, name

MAX_STREAMS = 100
"""Streams in one request."""
ONLY_PUBLIC = frozenset([PUBLIC])
"""What most watchers watch. They share this one set, which saves memory."""


def parse(names: Iterable[str]) -> frozenset[str]:
    """The streams with these names, or `public` if there are no names. Raises Refusal."""
    wanted = frozenset(names) or ONLY_PUBLIC
    if len(wanted) > MAX_STREAMS:
        raise Refusal("too_many_streams", f"At most {MAX_STREAMS} streams can be watched at once.", 4429)
    for each in wanted:
        prefix, _, key = each.partition(":")
        stream = STREAMS.get(prefix)
        if stream is None or not stream.accepts(key) or each != name(stream, key):  # `public:` isn't `public`
            raise _unknown(each)
    return wanted


def have_audiences(names: Iterable[str]) -> bool:
    """Whether some of these streams aren't open to all."""
    return any(isinstance(stream, Audience | Personal) for stream, _ in grouped(names))


def may_be_absent(names: Iterable[str]) -> bool:
    """Whether only the database knows if all these streams exist."""
    return any(stream.needs_query(key) for stream, keys in grouped(names) for key in keys)


def check_access(names: Iterable[str], audiences: Collection[str] = ONLY_PUBLIC) -> None:
    """Raise Refusal if a stream is an audience, and not one of these, or is personal, and these are nobody's. Makes no
    query."""
    for stream, keys in grouped(names):
        if isinstance(stream, Personal) and not stream.topics(audiences):
            raise Refusal("login_needed", f"Log in to watch the stream {stream.prefix!r}.", 4401)
        if isinstance(stream, Audience):
            for each in (name(stream, key) for key in keys):
                if each not in audiences:
                    raise _unknown(each) if stream.is_secret else _not_yours(each)


def check(names: Iterable[str], audiences: Collection[str] = ONLY_PUBLIC) -> None:
    """Raise Refusal if one of the streams isn't open to a user of these audiences, or doesn't exist, or not yet. Takes
    a few queries at most."""
    check_access(names, audiences)
    for stream, keys in grouped(names):
        for key in stream.missing(keys, audiences):
            raise _unknown(name(stream, key))


def grouped(names: Iterable[str]) -> list[tuple[Stream, list[str]]]:
    keys: dict[str, list[str]] = {}
    for each in names:
        prefix, _, key = each.partition(":")
        keys.setdefault(prefix, []).append(key)
    return [(STREAMS[prefix], found) for prefix, found in keys.items()]


def _unknown(stream: str) -> Refusal:
    return Refusal("unknown_stream", f"There is no stream {stream[:100]!r}.", 4404)


def _not_yours(stream: str) -> Refusal:
    return Refusal("not_yours", f"You may not watch the stream {stream[:100]!r}.", 4403)
