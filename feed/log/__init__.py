"""The log: every change of every event, in commit order, without holes.

Nothing else touches its tables. It knows nothing about events but what it is told: an id, a kind, the names of streams.

A change is recorded in the transaction of its event, without a position. Positions are given after the commit, under a
lock. They can't come from a sequence: a sequence hands out numbers before the commit, so a reader that has seen 6 could
later find a 5.
"""

from feed.log.numbering import number, number_and_read
from feed.log.pruning import prune, rename
from feed.log.reading import Expired, State, access_after, count_waiting, first_position, read, state
from feed.log.recording import Recorded, is_waiting, record, record_access
from feed.log.tables import PUBLIC, Change, Log

__all__ = [
    "PUBLIC",
    "Change",
    "Expired",
    "Log",
    "Recorded",
    "State",
    "access_after",
    "count_waiting",
    "first_position",
    "is_waiting",
    "number",
    "number_and_read",
    "prune",
    "read",
    "record",
    "record_access",
    "rename",
    "state",
]
