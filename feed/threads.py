"""A comment has the audience of its thread, always.

Stands below the models, so events are typed `Any` here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import F, Q, QuerySet

from feed.batches import batches
from feed.kinds.kind import root_model


def join_threads(events: Iterable[Any], using: str) -> None:
    """Give events that are about to be saved the audience of their thread. It is locked, or it could be given another
    one meanwhile."""
    threaded = [event for event in events if event.in_thread is not None]
    rows: QuerySet[Any] = QuerySet(root_model(), using=using).select_for_update(no_key=True).order_by("pk")
    audiences = dict[int, str]()
    for part in batches(sorted({event.in_thread for event in threaded})):
        audiences |= dict(rows.filter(pk__in=part).values_list("pk", "audience"))
    for event in threaded:
        event.audience = audiences.get(event.in_thread, event.audience)


def threads_of(keys: Collection[int], values: Mapping[str, Any], using: str) -> set[int]:
    """The threads of these events, and the one that an update with these values moves them to, if it names it. They are
    locked before the comments, like everywhere else."""
    named = getattr(wanted := values.get("thread", values.get("thread_id")), "pk", wanted)
    found = {named} if isinstance(named, int) else set[int]()
    for kind in root_model().kinds_with_thread():
        comments = kind.rows.using(using).filter(pk__in=keys, thread__isnull=False)
        found.update(comments.values_list("thread", flat=True))
    return found


def rejoin_threads(keys: Collection[int], using: str) -> None:
    """Give comments that an update has changed the audience of their thread, before the change is recorded."""
    rows: QuerySet[Any] = QuerySet(root_model(), using=using)
    for _ in keys:  # a comment's thread may be a comment among them
        wrong = _wrong(Q(pk__in=keys), using)
        for audience, found in wrong.items():
            rows.filter(pk__in=found).update(audience=audience)
        if not wrong:
            return


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
