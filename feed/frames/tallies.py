"""How many comments and reactions events have. A row shows it, and each change of it is sent by itself."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count
from django.utils.safestring import SafeString

from feed.batches import batches
from feed.conf import conf
from feed.log import PUBLIC
from feed.models import Comment, Event, Reaction
from feed.rendering import rendered

MAX_COMMENTS = 1000
"""Comments that are counted. So counting has a bound, however long a thread is."""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    comments: how many, at most MAX_COMMENTS.
    reactions: how often each emoji was put to the event, in the order of FEED_REACTIONS.
    audience: who may know: that of the event when they were counted.
    """

    comments: int = 0
    reactions: tuple[tuple[str, int], ...] = ()
    audience: str = PUBLIC

    @property
    def is_capped(self) -> bool:
        return self.comments == MAX_COMMENTS

    def is_for(self, audience: str) -> bool:
        """Whether everybody in this audience may know it. The event may have been moved since."""
        return self.audience in (PUBLIC, audience)


NO_TALLY = Tally()


def tallies(keys: Collection[int]) -> dict[int, Tally]:
    """The tallies of these events: two queries for 500 of them."""
    found = dict[int, Tally]()
    for part in batches(sorted(keys)):
        # The audiences come last: what is counted before an event is hidden, those who saw it may know.
        reactions = _reactions(part)
        for key, comments, audience in _comments(part):
            found[key] = Tally(comments, _in_order(reactions.get(key, {})), audience)
    return found


def _comments(keys: Collection[int]) -> list[tuple[int, int, str]]:
    """The ids of the events that exist, with the number of their comments and with their audiences."""
    places = ", ".join(["%s"] * len(keys))
    few = f"SELECT 1 FROM {Comment._meta.db_table} WHERE thread_id = event.id LIMIT {MAX_COMMENTS:d}"  # noqa: S608
    counted = f"(SELECT COUNT(*) FROM ({few}) AS few)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT event.id, {counted}, event.audience FROM {Event._meta.db_table} AS event"  # noqa: S608
            f" WHERE event.id IN ({places})",
            list(keys),
        )
        return list(cursor.fetchall())


def _reactions(keys: Iterable[int]) -> dict[int, dict[str, int]]:
    rows = Reaction.rows.filter(about__in=keys).order_by().values_list("about", "emoji").annotate(Count("pk"))
    found: dict[int, dict[str, int]] = {}
    for key, emoji, count in rows:
        found.setdefault(key, {})[emoji] = count
    return found


def _in_order(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    known = [emoji for emoji in conf.FEED_REACTIONS if emoji in counts]
    others = sorted(counts.keys() - set(known))
    return tuple((emoji, counts[emoji]) for emoji in (*known, *others))


def render_tally(key: int, tally: Tally) -> SafeString:
    return rendered("feed/tally.html", {"key": key, "tally": tally})
