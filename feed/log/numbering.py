"""Gives changes their positions.

The lock on the log's row makes concurrent callers take turns. Saving an event never needs that lock.
"""

from collections.abc import Sequence

from feed.log import sql
from feed.log.batch import Call, Row, execute_batch
from feed.log.reading import State, changes_of
from feed.log.tables import Change, Log


def number() -> State:
    """Give the waiting changes their positions, and return the state after that.

    Oldest first, but changes of access before all others: whatever was committed after a user has lost access must come
    after that change.
    """
    return _number([])[0]


def number_and_read(after: int, limit: int, extra: Sequence[Call] = ()) -> tuple[State, list[Change], list[list[Row]]]:
    """Number what waits, and read at most `limit` changes after the position `after`, in one transaction.

    extra: more statements to execute in that transaction; the rows of each are returned last.
    Raises Expired.
    """
    state, (rows, *found) = _number([(sql.READ, (after, after + limit)), *extra])
    return state, changes_of(rows, after, state.head), found


def _number(extra: Sequence[Call]) -> tuple[State, list[list[Row]]]:
    # NUMBER returns no rows, and ADVANCE returns one only if something waited.
    locked, advanced, *rows = execute_batch([(sql.HEAD, ()), (sql.NUMBER, ()), (sql.ADVANCE, ()), *extra])
    if not locked:  # a new database, or one that was emptied
        Log.objects.get_or_create(pk=1)
        return _number(extra)
    epoch, head, floor = (advanced or locked)[0]
    return State(epoch, head, floor, waiting=False), rows
