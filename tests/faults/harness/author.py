"""Somebody who posts, edits and deletes through the ORM, and writes down what has committed."""

import random
import time
from collections.abc import Callable, Collection

from django.contrib.auth.models import User
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Q
from django.test import Client

from feed.log import Change
from feed.models import Comment, Event, StatusChange
from tests.faults.harness.received import NEVER

LIVELY = 100
"""Events of its own that the process edits, deletes and comments on."""
BREATH = 0.1
"""Seconds to wait after something has failed."""

chance = random.Random()  # noqa: S311 (nothing here is secret)

Deed = Callable[[], Collection[int]]


class RolledBack(Exception):
    """Raised on purpose."""


class Author:
    """One person who posts; `record` takes what is written down."""

    def __init__(self, name: str, record: Callable[..., None]) -> None:
        self.name = name
        self.record = record
        self.newest = 0
        self.number = 0
        self.live: list[int] = []

    def begin(self) -> None:
        self.commit(self._join)
        self.commit(self._open_thread)
        client = Client()
        client.force_login(self.user)
        self.record(ready={"user": self.name, "thread": self.thread.pk, "session": client.cookies["sessionid"].value})

    def commit(self, deed: Deed) -> None:
        """Do it in a transaction; the moment of the commit is written down before the doorbell rings."""
        began = committed = time.monotonic()
        changes: list[int] = []

        def measure() -> None:
            nonlocal committed
            committed = time.monotonic()
            self.record(began=began, committed=committed, changes=changes)

        with transaction.atomic():
            transaction.on_commit(measure)
            touched = deed()
            changes += Change.objects.filter(pk__gt=self.newest, event_id__in=touched).values_list("pk", flat=True)
        self.newest = max([self.newest, *changes])
        self.record(took=time.monotonic() - began, ringing=time.monotonic() - committed)

    def once(self) -> None:
        self._attempt(lambda: self.commit(self._post))

    def something(self) -> None:
        deeds = [self._post, self._comment, self._edit, self._edit_several, self._delete]
        deed = chance.choices([*deeds, None], weights=[45, 20, 15, 5, 8, 7])[0]
        self._attempt(lambda: self.commit(deed) if deed else self._roll_back())

    def _attempt(self, what: Callable[[], None]) -> None:
        try:
            what()
        except DatabaseError as error:
            self.record(failed=f"{type(error).__name__}: {error}")
            connection.close()
            time.sleep(BREATH)
            self._attempt(self._look_again)

    def _look_again(self) -> None:
        own = StatusChange.objects.filter(user__username=self.name).exclude(pk=self.thread.pk)
        self.live = list(own.order_by("-pk").values_list("pk", flat=True)[:LIVELY])

    # Each returns the keys of the events that it has changed.

    def _join(self) -> list[int]:
        self.user = User.objects.create_user(self.name)
        return list(self.user.events.values_list("pk", flat=True))

    def _open_thread(self) -> list[int]:
        self.thread = StatusChange.objects.create(user=self.user, text=self._words())
        return [self.thread.pk]

    def _post(self) -> list[int]:
        status = StatusChange.objects.create(user=self.user, text=self._words())
        self.live = [*self.live[-LIVELY:], status.pk]
        return [status.pk]

    def _comment(self) -> list[int]:
        about = chance.choice([self.thread.pk, *self.live])
        return [Comment.objects.create(user=self.user, thread_id=about, text=self._words()).pk]

    def _edit(self) -> list[int]:
        status = StatusChange.objects.get(pk=chance.choice([self.thread.pk, *self.live]))
        status.text = self._words()
        status.save()
        return [status.pk]

    def _edit_several(self) -> list[int]:
        chosen = chance.sample(self.live, min(3, len(self.live)))
        StatusChange.objects.filter(pk__in=chosen).update(text=self._words())
        return chosen

    def _delete(self) -> list[int]:
        if not self.live:
            return self._post()
        chosen = self.live.pop(chance.randrange(len(self.live)))
        gone = list(Event.objects.filter(Q(pk=chosen) | Q(comment__thread=chosen)).values_list("pk", flat=True))
        Event.objects.get(pk=chosen).delete()
        return gone

    def _roll_back(self) -> None:
        """A transaction that fails, and one that commits after a part of it has failed."""
        try:
            with transaction.atomic():
                self._undone()
                raise RolledBack
        except RolledBack:
            self.commit(self._half_undone)

    def _half_undone(self) -> list[int]:
        try:
            with transaction.atomic():
                self._undone()
                raise RolledBack
        except RolledBack:
            return self._edit()

    def _undone(self) -> None:
        StatusChange.objects.create(user=self.user, text=f"{NEVER}: {self._words()}")
        StatusChange.objects.filter(pk=self.thread.pk).update(text=f"{NEVER}: {self._words()}")
        StatusChange.objects.filter(pk__in=self.live[:1]).delete()

    def _words(self) -> str:
        self.number += 1
        return f"{self.name} says <{self.number}> & goes on"
