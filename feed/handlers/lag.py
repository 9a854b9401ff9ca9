"""How far the handlers are behind the log."""

from dataclasses import dataclass

from django.db.models import Count

from feed import log, times
from feed.conf import conf
from feed.handler_tables import HandlerCursor
from feed.handlers.registry import all_handlers


@dataclass(frozen=True, slots=True)
class Lag:
    """
    state: `following`, or why the handler has stopped: `expired`, `other_log` or `ahead`.
    behind: changes of the log that it hasn't seen, whether or not they are for it.
    seconds: the age of the oldest of them, 0 if there is none, None if the handler has stopped.
    set_aside: changes that it has failed on.
    """

    name: str
    state: str
    behind: int
    seconds: float | None
    set_aside: int

    @property
    def is_late(self) -> bool:
        """Whether it has stopped, or is further behind than FEED_HANDLER_LAG allows."""
        limit = conf.FEED_HANDLER_LAG
        return limit is not None and (self.seconds is None or self.seconds > limit)


def lags() -> list[Lag]:
    """The lag of each handler that has ever run. Not of those that were removed, or of webhooks that are turned off."""
    known = all_handlers()
    if not known:
        return []
    state = log.state()
    cursors = HandlerCursor.objects.filter(name__in=known).annotate(count=Count("set_aside")).order_by("name")
    return [lag_of(cursor, state, cursor.count) for cursor in cursors]


def lag_of(cursor: HandlerCursor, state: log.State, set_aside: int) -> Lag:
    behind = max(0, state.head - cursor.position)
    follows = cursor.state == HandlerCursor.State.FOLLOWING and cursor.epoch == state.epoch
    seconds = _age_after(cursor.position, state) if follows else None
    return Lag(cursor.name, cursor.state, behind, seconds, set_aside)


def _age_after(position: int, state: log.State) -> float | None:
    """Seconds since the change after the position was recorded. None if it was pruned."""
    try:
        changes = log.read(position, min(position + 1, state.head))
    except log.Expired:
        return None
    return max(0.0, (times.now() - changes[0].at).total_seconds()) if changes else 0.0
