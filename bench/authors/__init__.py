"""How the events of each peer are saved, and then made known: a module each, with a function `author(*arguments)`."""

import time
from collections.abc import Sequence
from typing import Protocol

from django.db import transaction


class Author(Protocol):
    def commit(self, marks: Sequence[int]) -> int:
        """Save the events with these marks in one transaction; returns when it was committed, time.monotonic_ns()."""


class Writer:
    """An author who saves through the ORM, in its own process."""

    def save(self, mark: int) -> None:
        """Within the transaction; what makes the event known waits for the commit."""
        raise NotImplementedError

    def commit(self, marks: Sequence[int]) -> int:
        committed = 0

        def note() -> None:
            nonlocal committed
            committed = time.monotonic_ns()

        with transaction.atomic():
            # Registered before the saves, and so called before what they register: nothing is known yet.
            transaction.on_commit(note)
            for mark in marks:
                self.save(mark)
        return committed
