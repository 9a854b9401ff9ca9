"""Streams: named parts of the log, and the newest events that they hold.

Each class defines the streams with one prefix: which exist, and which events they hold. Several streams are their
union.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection

from feed.batches import batches
from feed.kinds.kind import root_model
from feed.numbers import parse_number
from feed.querysets import EventQuerySet
from feed.refusals import Refusal

MAX_STREAMS = 100
"""Streams in one request."""
RETRY_AFTER = 5
"""Seconds after which this server may know a kind that another release has already."""
MAX_PARTS = 400
"""Queries in one union. SQLite takes 500."""


class Part(NamedTuple):
    """Some of a stream's events: the rows of a model whose field has this value."""

    model: type[Any]
    field: str
    value: Any


class Stream:
    """The streams named `prefix:KEY`."""

    prefix: str

    def __init_subclass__(cls) -> None:
        STREAMS[cls.prefix] = cls()

    def accepts(self, key: str) -> bool:
        """Whether a stream may have this key."""
        raise NotImplementedError

    def keys_of(self, event: Any) -> Iterable[object]:
        """The keys of the streams that hold the event."""
        raise NotImplementedError

    def missing(self, keys: Iterable[str]) -> set[str]:
        """The keys of the streams that don't exist. May query the database. Raises Refusal if one may exist later."""
        return set()

    def needs_query(self, key: str) -> bool:
        """Whether only the database knows if the stream exists."""
        return True

    def parts(self, keys: Iterable[str]) -> list[Part]:
        """Where to find the events of these streams."""
        raise NotImplementedError


STREAMS: dict[str, Stream] = {}


class Public(Stream):
    """`public`: every event."""

    prefix = "public"

    def accepts(self, key: str) -> bool:
        return not key

    def keys_of(self, event: Any) -> Iterable[object]:
        return ("",)

    def needs_query(self, key: str) -> bool:
        return False


class OfUser(Stream):
    """`user:NAME`: what a user did."""

    prefix = "user"

    def accepts(self, key: str) -> bool:
        return 0 < len(key) <= 150 and "\0" not in key

    def keys_of(self, event: Any) -> Iterable[object]:
        return (event.user.get_username(),)

    def missing(self, keys: Iterable[str]) -> set[str]:
        return {*keys} - {name for name, _ in self._users(keys)}

    def parts(self, keys: Iterable[str]) -> list[Part]:
        event = root_model()
        prepare = event._meta.get_field("user").get_db_prep_value
        return [Part(event, "user_id", prepare(pk, connection)) for _, pk in self._users(keys)]

    def _users(self, names: Iterable[str]) -> list[tuple[str, Any]]:
        model = get_user_model()
        found = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__in": [*names]})
        return list(found.values_list(model.USERNAME_FIELD, "pk"))


class OfKind(Stream):
    """`kind:NAME`: the events of a kind."""

    prefix = "kind"

    def accepts(self, key: str) -> bool:
        return len(key) <= 100 and key.isidentifier() and key == key.lower()

    def keys_of(self, event: Any) -> Iterable[object]:
        return (event.kind,)

    def missing(self, keys: Iterable[str]) -> set[str]:
        unknown = {key for key in keys if self.needs_query(key)}
        for key in unknown:
            if _is_known_elsewhere(key):
                message = f"This server can't serve the stream 'kind:{key}' yet. Try again."
                raise Refusal("not_here_yet", message, None, retry_after=RETRY_AFTER)
        return unknown

    def needs_query(self, key: str) -> bool:
        return key not in root_model().kinds()

    def parts(self, keys: Iterable[str]) -> list[Part]:
        return [Part(root_model(), "kind", key) for key in keys]


class OfThread(Stream):
    """`thread:ID`: an event and the comments on it."""

    prefix = "thread"

    def accepts(self, key: str) -> bool:
        return bool(parse_number(key)) and not key.startswith("0")

    def keys_of(self, event: Any) -> Iterable[object]:
        return {event.id, event.in_thread} - {None}

    def missing(self, keys: Iterable[str]) -> set[str]:
        found = root_model().rows.filter(pk__in=[int(key) for key in keys]).values_list("pk", flat=True)
        return {*keys} - {str(pk) for pk in found}

    def parts(self, keys: Iterable[str]) -> list[Part]:
        threaded = [(kind, kind.thread_field()) for kind in root_model().kinds().values()]
        # Kinds derived from these are found through them.
        kinds = [kind for kind, field in threaded if field in kind._meta.local_fields]
        return [
            part
            for key in map(int, keys)
            for part in (Part(root_model(), "pk", key), *(Part(kind, "thread_id", key) for kind in kinds))
        ]


PUBLIC = Public.prefix
ONLY_PUBLIC = frozenset([PUBLIC])
"""What most watchers watch. They share this one set, which saves memory."""


def of(event: Any) -> list[str]:
    """The names of the streams that hold the event."""
    return [name(stream, key) for stream in STREAMS.values() for key in stream.keys_of(event)]


def name(stream: Stream, key: object) -> str:
    return f"{stream.prefix}:{key}" if key != "" else stream.prefix


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


def may_be_absent(names: Iterable[str]) -> bool:
    """Whether only the database knows if all these streams exist."""
    return any(stream.needs_query(key) for stream, keys in _grouped(names) for key in keys)


def check(names: Iterable[str]) -> None:
    """Raise Refusal if one of the streams doesn't exist, or not yet. Takes a few queries at most."""
    for stream, keys in _grouped(names):
        for key in stream.missing(keys):
            raise _unknown(name(stream, key))


def newest(events: EventQuerySet, names: Collection[str], before: int | None, size: int) -> list[Any]:
    """The newest of `events` that are in at least one of the streams: at most `size`, newest first.

    Each stream is queried for its own newest events by an index. So the cost depends on `size`, and not on how many
    events a stream holds.
    """
    if PUBLIC in names:
        return list(events.before(before).newest()[:size])
    parts = [part for stream, keys in _grouped(names) for part in stream.parts(keys)]
    found = {key for some in batches(parts, MAX_PARTS) for key in _newest_ids(some, before, size)}
    return list(events.filter(pk__in=sorted(found, reverse=True)[:size]).newest())


def _grouped(names: Iterable[str]) -> list[tuple[Stream, list[str]]]:
    keys: dict[str, list[str]] = {}
    for each in names:
        prefix, _, key = each.partition(":")
        keys.setdefault(prefix, []).append(key)
    return [(STREAMS[prefix], found) for prefix, found in keys.items()]


def _newest_ids(parts: Iterable[Part], before: int | None, size: int) -> Iterator[int]:
    statements, values = list[str](), list[Any]()
    for part in parts:
        statement = _statement(part.model, part.field, before is not None)  # type: ignore[arg-type]
        statements.append(f"SELECT * FROM ({statement} LIMIT {size:d}) AS part")  # noqa: S608 (Django compiled it)
        values += [part.value] if before is None else [part.value, before]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), values)
        for (key,) in cursor.fetchall():
            yield key


@cache
def _statement(model: Any, field: str, is_before: bool) -> str:
    """The query for the newest rows with one value of the field. Cached, because for a hundred streams compiling takes
    longer than everything else."""
    rows = model.rows.filter(**{field: 1}).order_by("-pk").values_list("pk")
    text, values = (rows.filter(pk__lt=2) if is_before else rows).query.sql_with_params()
    assert [*map(str, values[1:])] == (["2"] if is_before else [])  # the first may be converted, such as a UUID
    return str(text)


def _is_known_elsewhere(kind: str) -> bool:
    """Whether another release has such a kind: there are events of it, or a content type of its model."""
    if root_model().rows.filter(kind=kind).exists():
        return True
    if not apps.is_installed("django.contrib.contenttypes"):
        return False
    content_types: Any = apps.get_model("contenttypes", "ContentType")
    return bool(content_types.objects.filter(model=kind.replace("_", "")).exists())


def _unknown(stream: str) -> Refusal:
    return Refusal("unknown_stream", f"There is no stream {stream[:100]!r}.", 4404)
