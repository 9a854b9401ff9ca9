"""Streams: which names exist, and the newest events that they hold.

`public`: every event. `user:NAME`: what a user did. `kind:NAME`: the events of a kind. `thread:ID`: an event and the
comments on it. Several streams are their union.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection

from feed.batches import batches
from feed.models import Event
from feed.querysets import EventQuerySet
from feed.refusals import Refusal

PUBLIC = "public"
ONLY_PUBLIC = frozenset([PUBLIC])
"""What most watchers watch. One set for all of them."""
MAX_STREAMS = 100
"""Streams in one request."""
MAX_PARTS = 400
"""Queries in one union. SQLite takes 500."""

Part = tuple[type[Event], str, Any]
"""A part of a stream: the rows of this model whose field has this value."""


def parse(names: Iterable[str]) -> frozenset[str]:
    """The streams with these names, or `public` if there are no names. Raises Refusal."""
    streams = frozenset(names) or ONLY_PUBLIC
    if len(streams) > MAX_STREAMS:
        raise Refusal("too_many_streams", f"At most {MAX_STREAMS} streams can be watched at once.", 4429)
    for name in streams:
        if not _is_well_formed(name):
            raise _unknown(name)
    return streams


def may_be_absent(name: str) -> bool:
    """Whether only the database knows if the stream exists: that of a user, an event, or an unknown kind."""
    prefix, _, value = name.partition(":")
    return prefix in {"user", "thread"} or (prefix == "kind" and value not in Event.kinds())


def check(streams: Collection[str]) -> None:
    """Raise Refusal if one of the streams doesn't exist, or not yet. Takes a few queries at most."""
    threads = [int(value) for value in _values(streams, "thread")]
    found = {f"user:{name}" for name in _users(streams)}
    if threads:
        found.update(f"thread:{pk}" for pk in Event.rows.filter(pk__in=threads).values_list("pk", flat=True))
    for name in filter(may_be_absent, streams):
        if name.startswith("kind:") and _is_known_elsewhere(name.partition(":")[2]):
            raise Refusal("not_here_yet", f"This server can't serve the stream {name!r} yet. Try again.", None)
        if name not in found:
            raise _unknown(name)


def newest(events: EventQuerySet, names: Collection[str], before: int | None, size: int) -> list[Event]:
    """The newest of `events` that are in at least one of the streams: at most `size`, newest first.

    Each stream is queried for its own newest events by an index. So the cost depends on `size`, and not on how many
    events a stream holds.
    """
    if PUBLIC in names:
        return list(events.before(before).newest()[:size])
    users = _users(names)
    parts = [part for name in names for part in _parts(name, users)]
    found = {key for some in batches(parts, MAX_PARTS) for key in _newest_ids(some, before, size)}
    return list(events.filter(pk__in=sorted(found, reverse=True)[:size]).newest())


def _newest_ids(parts: Iterable[Part], before: int | None, size: int) -> Iterator[int]:
    statements, values = list[str](), list[Any]()
    for model, field, value in parts:
        part = _statement(model, field, before is not None)
        statements.append(f"SELECT * FROM ({part} LIMIT {size:d}) AS part")  # noqa: S608 (by Django's compiler)
        values += [value] if before is None else [value, before]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), values)
        for (key,) in cursor.fetchall():
            yield key


@cache
def _statement(model: type[Event], field: str, is_before: bool) -> str:
    """Compiled once: for a hundred streams, compiling takes longer than everything else."""
    rows = model.rows.filter(**{field: 1}).order_by("-pk").values_list("pk")
    text, values = (rows.filter(pk__lt=2) if is_before else rows).query.sql_with_params()
    assert [*map(str, values[1:])] == (["2"] if is_before else [])  # the first may be converted, such as a UUID
    return str(text)


def _parts(name: str, users: dict[str, Any]) -> list[Part]:
    prefix, _, value = name.partition(":")
    match prefix:
        case "user":
            key = Event._meta.get_field("user")
            return [(Event, "user_id", key.get_db_prep_value(users[value], connection))] if value in users else []
        case "kind":
            return [(Event, "kind", value)]
    about = [(kind, "thread_id", int(value)) for kind in _threaded_kinds()]
    return [(Event, "pk", int(value)), *about]


def _threaded_kinds() -> list[type[Event]]:
    """The kinds with a `thread` of their own. Kinds derived from them are found through them."""
    threaded = [(kind, kind.thread_field()) for kind in Event.kinds().values()]
    return [kind for kind, field in threaded if field in kind._meta.local_fields]


def _users(streams: Collection[str]) -> dict[str, Any]:
    """The primary keys of the users whose streams are among these, by name."""
    names = _values(streams, "user")
    if not names:
        return {}
    model = get_user_model()
    rows = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__in": names})
    return dict(rows.values_list(model.USERNAME_FIELD, "pk"))


def _values(streams: Collection[str], prefix: str) -> set[str]:
    return {value for kind, _, value in (name.partition(":") for name in streams) if kind == prefix}


def _is_known_elsewhere(kind: str) -> bool:
    """Whether another release has such a kind. It has left rows, or the name of a model."""
    if Event.rows.filter(kind=kind).exists():
        return True
    if not apps.is_installed("django.contrib.contenttypes"):
        return False
    names: Any = apps.get_model("contenttypes", "ContentType")
    return bool(names.objects.filter(model=kind.replace("_", "")).exists())


def _unknown(name: str) -> Refusal:
    return Refusal("unknown_stream", f"There is no stream {name[:100]!r}.", 4404)


def _is_well_formed(name: str) -> bool:
    prefix, _, value = name.partition(":")
    match prefix:
        case "public":
            return name == PUBLIC
        case "user":
            return 0 < len(value) <= 150 and "\0" not in value
        case "kind":
            return len(value) <= 100 and value.isidentifier() and value == value.lower()
        case "thread":
            return re.fullmatch(r"[1-9][0-9]{0,17}", value) is not None
    return False
