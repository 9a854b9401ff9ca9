"""Stream names: which there are, who may watch them, and which events they hold.

`public`: all that anybody may see. `user:NAME`: what that user did. `kind:NAME`: the events of a kind.
`thread:ID`: an event, and the comments on it. Several streams are their union.
"""

import re
from collections.abc import Collection, Iterable

from django.contrib.auth import get_user_model
from django.db.models import Q

from feed.models import Event
from feed.refusals import Refusal

PUBLIC = "public"
ONLY_PUBLIC = frozenset([PUBLIC])
"""What most watchers watch: one for all of them."""
MOST = 100
"""Streams that one watcher may ask for."""


def parse(names: Iterable[str]) -> frozenset[str]:
    """The streams with these names, `public` if there are none. Raises Refusal."""
    streams = frozenset(names) or ONLY_PUBLIC
    if len(streams) > MOST:
        raise Refusal("too_many_streams", f"At most {MOST} streams can be watched at once.", 4429)
    for name in streams:
        if not _is_well_formed(name):
            raise _unknown(name)
    return streams


def is_of_a_row(name: str) -> bool:
    """Whether the stream is one user's or one event's, which may not exist."""
    return name.startswith(("user:", "thread:"))


def check(streams: Collection[str]) -> None:
    """Raise Refusal if one of the streams doesn't exist. At most two queries."""
    name_field = get_user_model().USERNAME_FIELD
    users = {name.partition(":")[2] for name in streams if name.startswith("user:")}
    threads = {int(name.partition(":")[2]) for name in streams if name.startswith("thread:")}
    found: set[str] = set()
    if users:
        named = get_user_model()._default_manager.filter(**{f"{name_field}__in": users})
        found.update(f"user:{name}" for name in named.values_list(name_field, flat=True))
    if threads:
        found.update(f"thread:{pk}" for pk in Event.objects.filter(pk__in=threads).values_list("pk", flat=True))
    for name in streams:
        if is_of_a_row(name) and name not in found:
            raise _unknown(name)


def holds(streams: Collection[str]) -> Q:
    """Which events are in at least one of the streams."""
    condition = Q()
    for name in streams:
        condition |= _condition(name)
    return Q() if PUBLIC in streams else condition


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
            return value in Event.kinds()
        case "thread":
            return re.fullmatch(r"[1-9][0-9]{0,17}", value) is not None
    return False


def _condition(name: str) -> Q:
    prefix, _, value = name.partition(":")
    match prefix:
        case "user":
            return Q(**{f"user__{get_user_model().USERNAME_FIELD}": value})
        case "kind":
            return Q(kind=value)
        case "thread":
            condition = Q(pk=int(value))
            for kind in _threaded_kinds():
                condition |= Q(pk__in=kind._base_manager.filter(Q(("thread", int(value)))).values("pk"))
            return condition
    return Q()


def _threaded_kinds() -> list[type[Event]]:
    """The kinds that are about another event: they have a `thread`. Their children are found through them."""
    return [kind for kind in Event.kinds().values() if any(own.name == "thread" for own in kind._meta.local_fields)]
