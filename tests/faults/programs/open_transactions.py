"""A process with several open transactions, which takes one step at a time in each.

    python -m tests.faults.programs.open_transactions NAME FILE

Each line on stdin is JSON: [transaction, step, text]. Each transaction has a name and its own thread, so transactions
don't wait for each other. The steps:

    begin                      begin the transaction, or set a savepoint in it
    commit, roll_back          commit or roll back the transaction, or its last savepoint
    post                       post the text
    edit, rewrite              change the last post's text, by a save or by an update
    delete                     delete the last post

FILE has the same lines as that of the program `posting`, and also:

    {"answered": …, "changes": […]}    the number of the line that is done; for `post`, the keys of its changes
"""

import argparse
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

# Only now: these need the apps to be loaded.
from django.contrib.auth.models import User  # noqa: E402
from django.db import Error as DatabaseError  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from feed.log import Change  # noqa: E402
from feed.models import StatusChange  # noqa: E402
from tests.faults.harness.author import Author, RolledBack  # noqa: E402

Record = Callable[..., None]


class TransactionThread(threading.Thread):
    """Runs one transaction after the other, on a connection of its own."""

    def __init__(self, user: User, record: Record) -> None:
        super().__init__(daemon=True)
        self.steps: queue.Queue[tuple[int, str, str]] = queue.Queue()
        self.user = user
        self.record = record
        self.blocks: list[tuple[transaction.Atomic, int]] = []
        self.posted: list[StatusChange] = []
        self.written: set[int] = set()

    def run(self) -> None:
        while True:
            number, step, text = self.steps.get()
            try:
                changes = getattr(self, step)(text)
            except DatabaseError as error:
                self.record(failed=f"{type(error).__name__}: {error}")
                self.reset()
                changes = []
            self.record(answered=number, changes=changes or [])

    def begin(self, text: str) -> None:
        if not self.blocks:
            self.began, self.changes = time.monotonic(), list[int]()
            self.touched: set[int] = set()
        block = transaction.atomic()
        block.__enter__()
        self.blocks.append((block, len(self.posted)))
        if len(self.blocks) == 1:
            transaction.on_commit(self.record_commit)

    def commit(self, text: str) -> None:
        if len(self.blocks) == 1:
            self.changes = self.changes_of(self.touched)
        self.blocks.pop()[0].__exit__(None, None, None)

    def roll_back(self, text: str) -> None:
        block, before = self.blocks.pop()
        del self.posted[before:]
        block.__exit__(RolledBack, RolledBack(), None)

    def post(self, text: str) -> list[int]:
        status = StatusChange.objects.create(user=self.user, text=text)
        self.posted.append(status)
        self.touched.add(status.pk)
        return self.changes_of({status.pk})

    def edit(self, text: str) -> None:
        self.posted[-1].text = text
        self.posted[-1].save()

    def rewrite(self, text: str) -> None:
        StatusChange.objects.filter(pk=self.posted[-1].pk).update(text=text)

    def delete(self, text: str) -> None:
        StatusChange.objects.get(pk=self.posted[-1].pk).delete()

    def record_commit(self) -> None:
        """Record the commit. Runs before the doorbell rings."""
        self.written.update(self.changes)
        self.record(began=self.began, committed=time.monotonic(), changes=self.changes)

    def changes_of(self, events: set[int]) -> list[int]:
        keys = Change.objects.filter(event_id__in=events).order_by("pk").values_list("pk", flat=True)
        return [key for key in keys if key not in self.written]

    def reset(self) -> None:
        """Roll back what is open, and use another connection from now on."""
        while self.blocks:
            with suppress(DatabaseError):
                self.roll_back("")
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("file")
    given, _ = parser.parse_known_args()
    file = os.open(given.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def record(**line: Any) -> None:
        os.write(file, json.dumps(line).encode() + b"\n")

    author = Author(given.name, record)
    author.begin()
    threads: dict[str, TransactionThread] = {}
    for number, line in enumerate(sys.stdin):
        name, step, text = json.loads(line)
        if name not in threads:
            threads[name] = TransactionThread(author.user, record)
            threads[name].start()
        threads[name].steps.put((number, step, text))


main()
