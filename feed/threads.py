"""A comment has the audience of its thread, always.

Stands below the models, so events are typed `Any` here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
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


def settle_audiences(keys: Collection[int], using: str) -> None:
    """Correct the audience of comments after a change: of those on these events, and of these events themselves."""
    for kind in root_model().kinds_with_thread():
        comments = kind.rows.using(using).filter(Q(thread__in=keys) | Q(pk__in=keys), thread__isnull=False)
        wrong: defaultdict[str, list[int]] = defaultdict(list)
        for key, audience in comments.exclude(audience=F("thread__audience")).values_list("pk", "thread__audience"):
            wrong[audience].append(key)
        for audience, found in wrong.items():
            for part in batches(found):
                kind.rows.using(using).filter(pk__in=part).update(audience=audience)
