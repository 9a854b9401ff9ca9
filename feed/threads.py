"""Conversations are flat: a reply belongs to the thread of its comment. And a comment has the audience of its thread.

Stands below the models, so events are typed `Any` here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import F, Q, QuerySet

from feed.batches import batches
from feed.kinds.kind import root_model


def join_threads(events: Iterable[Any], using: str) -> set[str]:
    """Give events that are about to be saved the thread and the audience of what they are about. That is locked, or it
    could be given another audience meanwhile. Returns the names of the fields that may be set."""
    threaded = [event for event in events if event.in_thread is not None]
    above = threads_above({event.in_thread for event in threaded}, using)
    for event in threaded:
        if (thread := above.get(event.in_thread)) and is_open(type(event)):
            _move_up(event, thread)
    locked = _rows(using).select_for_update(no_key=True).order_by("pk")
    audiences = dict[int, str]()
    for part in batches(sorted({event.in_thread for event in threaded})):
        audiences |= dict(locked.filter(pk__in=part).values_list("pk", "audience"))
    for event in threaded:
        event.audience = audiences.get(event.in_thread, event.audience)
    return {"audience"}.union(*(event.thread_names for event in threaded))


def is_open(kind: type[Any]) -> bool:
    """Whether an event of this kind may be in the thread of any other."""
    return kind.thread_field().remote_field.model is root_model()


def _move_up(event: Any, thread: int) -> None:
    """Make what is about a comment part of that comment's thread."""
    if hasattr(event, "reply_to_id"):
        event.reply_to_id = event.in_thread
    setattr(event, event.thread_field().attname, thread)


def threads_above(keys: Collection[int], using: str) -> dict[int, int]:
    """The threads of those of these events that are in one: one query for 100 of them."""
    kinds = [kind._meta.model_name for kind in root_model().kinds_with_thread()]
    found = dict[int, int]()
    for part in batches(sorted(keys)):
        rows = _rows(using).filter(pk__in=part).values_list("pk", *(f"{kind}__thread" for kind in kinds))
        found |= {key: thread for key, *threads in rows for thread in threads if thread}
    return found


def _rows(using: str) -> QuerySet[Any]:
    return QuerySet(root_model(), using=using)


def threads_of(keys: Collection[int], values: Mapping[str, Any], using: str) -> set[int]:
    """The threads of these events, and the one that an update with these values moves them to, if it names it. They are
    locked before the comments, like everywhere else."""
    named = getattr(wanted := values.get("thread", values.get("thread_id")), "pk", wanted)
    found = {named, *threads_above([named], using).values()} if isinstance(named, int) else set[int]()
    for kind in root_model().kinds_with_thread():
        comments = kind.rows.using(using).filter(pk__in=keys, thread__isnull=False)
        found.update(comments.values_list("thread", flat=True))
    return found


def rejoin_threads(keys: Collection[int], using: str) -> None:
    """Give events that an update has changed the thread and the audience of what they are about, before the change is
    recorded."""
    for kind in filter(is_open, root_model().kinds_with_thread()):
        events: QuerySet[Any] = QuerySet(kind, using=using).filter(pk__in=keys)
        for key, thread in threads_above(set(events.values_list("thread", flat=True)), using).items():
            reply = {"reply_to": key} if "reply_to" in kind.thread_names else {}
            events.filter(thread=key).update(thread=thread, **reply)
    for audience, found in _wrong(Q(pk__in=keys), using).items():
        _rows(using).filter(pk__in=found).update(audience=audience)


def settle_audiences(keys: Collection[int], using: str) -> None:
    """Correct the audience of comments after a change: of those on these events, and of these events themselves."""
    for audience, found in _wrong(Q(thread__in=keys) | Q(pk__in=keys), using).items():
        for part in batches(found):
            root_model().rows.using(using).filter(pk__in=part).update(audience=audience)


def _wrong(chosen: Q, using: str) -> dict[str, list[int]]:
    """Comments that don't have the audience of their thread, by the audience that they should have."""
    wrong: defaultdict[str, list[int]] = defaultdict(list)
    for kind in root_model().kinds_with_thread():
        comments = kind.rows.using(using).filter(chosen, thread__isnull=False).exclude(audience=F("thread__audience"))
        for key, audience in comments.values_list("pk", "thread__audience"):
            wrong[audience].append(key)
    return wrong
