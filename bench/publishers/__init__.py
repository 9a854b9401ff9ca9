"""Saves events and publishes them, one module for each kind of peer, each with a `publisher(*arguments)`."""

import time
from collections.abc import Sequence
from typing import Protocol

from django.db import transaction


class Publisher(Protocol):
    def commit(self, marks: Sequence[int]) -> int:
        """Save the events with these marks in one transaction. Returns the time of the commit, time.monotonic_ns()."""


class OrmPublisher:
    """Saves through the ORM, in its own process."""

    def save(self, mark: int) -> None:
        """Save one event in the open transaction. Publish it only on commit."""
        raise NotImplementedError

    def commit(self, marks: Sequence[int]) -> int:
        committed = 0

        def note() -> None:
            nonlocal committed
            committed = time.monotonic_ns()

        with transaction.atomic():
            # Registered before the saves, so it runs before the callbacks that publish.
            transaction.on_commit(note)
            for mark in marks:
                self.save(mark)
        return committed
