"""One step of a handler: some changes, and the cursor that moves with them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction

from feed import log
from feed.handler_tables import HandlerCursor, SetAside
from feed.handlers import cursors, failures
from feed.handlers.change import HandledChange
from feed.handlers.matching import PART, Events, told
from feed.handlers.registry import Handler

BATCH = 500
"""Changes in one read of the log."""
CALLS = 50
"""Calls in one transaction, each with a savepoint. PostgreSQL slows down beyond 64 of them."""
SECONDS = 0.2
"""Seconds after which a transaction ends: on SQLite nobody else can write meanwhile."""

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Job:
    """A change to handle.

    load: returns it with its event.
    row: set if it was set aside before.
    """

    change: HandledChange
    load: Callable[[], HandledChange]
    row: SetAside | None = None


class Inside:
    """Calls the handler in the open transaction, which has locked its cursor."""

    part = PART

    def __init__(self, handler: Handler, cursor: HandlerCursor, is_stopping: Stop) -> None:
        self.handler, self.cursor = handler, cursor
        self._is_stopping = is_stopping
        # Only now: another process may have moved the cursor beyond what was read before.
        self._state = log.state()
        self._calls, self._ends = 0, time.monotonic() + SECONDS
        self._events = Events(handler, [], self.part)

    def run(self) -> bool:
        """Returns whether there is more to do now."""
        if self.cursor.state != HandlerCursor.State.FOLLOWING:
            return False
        if reason := cursors.problem(self.cursor, self._state):
            cursors.reset(self.handler, self.cursor, self._state, reason)
            return cursors.keep(self.cursor) and self.cursor.state == HandlerCursor.State.FOLLOWING
        more = self._do_jobs()
        return cursors.keep(self.cursor) and more

    def _do_jobs(self) -> bool:
        for job in self._jobs():
            if self._is_over():
                return True
            self._calls += 1
            is_settled = self._settle(job, self._attempt(job))
            if self.handler.in_order and not is_settled:
                return False
        return self.cursor.position < self._state.head and not self._is_blocked()

    def _is_over(self) -> bool:
        is_long = self._calls >= CALLS or time.monotonic() > self._ends
        return self._is_stopping() or (self._calls > 0 and is_long)

    def _is_blocked(self) -> bool:
        return self.handler.in_order and cursors.first_try(self.cursor) is not None

    def _jobs(self) -> Iterator[Job]:
        for row in failures.due(self.cursor, CALLS):
            change = failures.change_of(row)
            yield Job(change, Events(self.handler, [change]).next, row)
        if not self._is_blocked():
            yield from self._new_jobs()

    def _new_jobs(self) -> Iterator[Job]:
        """The changes after the cursor that are the handler's. The cursor passes the others."""
        upto = min(self.cursor.position + BATCH, self._state.head)
        found = [(change, told(self.handler, change)) for change in log.read(self.cursor.position, upto)]
        own = [self._handled(change, action) for change, action in found if action]
        self._events = Events(self.handler, own, self.part)
        for change in own:
            self.cursor.position = change.position - 1
            yield Job(change, self._events.next)
        self.cursor.position = upto

    def _handled(self, change: log.Change, action: str) -> HandledChange:
        assert change.position is not None, "Only changes that have a position are read."
        return HandledChange(self._state.epoch, change.position, action, change.event_id, change.kind)

    def _attempt(self, job: Job) -> Exception | None:
        """Call the function. Returns the error, after undoing what the function has done."""
        try:
            with transaction.atomic():
                self.handler.function(job.load())
        except Exception as error:  # noqa: BLE001 (whatever it raises is kept for the admin)
            self._events.forget()
            return error
        return None

    def _settle(self, job: Job, error: Exception | None) -> bool:
        """Move the cursor over the change. Returns False if the change is to be tried again."""
        if job.row is None:
            self.cursor.position = job.change.position
        if error:
            return failures.set_aside(self.handler, job.change, error, job.row.tries + 1 if job.row else 1)
        if job.row:
            job.row.delete()
        return True


class LostLease(Exception):
    """Another process works for the handler, because this one took too long."""


class Outside(Inside):
    """Calls the handler without a transaction, under a lease, and saves the cursor after each call."""

    part = 1

    def run(self) -> bool:
        try:
            return super().run()
        except LostLease:
            return False

    def _attempt(self, job: Job) -> Exception | None:
        try:
            self.handler.function(job.load())
        except Exception as error:  # noqa: BLE001 (whatever it raises is kept for the admin)
            return error
        return None

    def _settle(self, job: Job, error: Exception | None) -> bool:
        with transaction.atomic():
            is_settled = super()._settle(job, error)
            if not cursors.keep(self.cursor):
                raise LostLease
        return is_settled
