"""An author: posts, edits and deletes through the ORM, and records what has committed."""

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

MAX_LIVE = 100
"""Newest own events that the author edits, deletes and comments on."""
RETRY_DELAY = 0.1
"""Seconds to wait after a failure."""

rng = random.Random()  # noqa: S311 (nothing here is secret)

Action = Callable[[], Collection[int]]
"""Changes events, and returns their keys."""


class RolledBack(Exception):
    """Raised on purpose."""


class Author:
    """One user. `record` stores a line of the record."""

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

    def commit(self, action: Action) -> None:
        """Do the action in a transaction. The time of the commit is recorded before the doorbell rings."""
        began = committed = time.monotonic()
        changes: list[int] = []

        def measure() -> None:
            nonlocal committed
            committed = time.monotonic()
            self.record(began=began, committed=committed, changes=changes)

        with transaction.atomic():
            transaction.on_commit(measure)
            touched = action()
            changes += Change.objects.filter(pk__gt=self.newest, event_id__in=touched).values_list("pk", flat=True)
        self.newest = max([self.newest, *changes])
        self.record(took=time.monotonic() - began, ringing=time.monotonic() - committed)

    def post_once(self) -> None:
        self._attempt(lambda: self.commit(self._post))

    def act_at_random(self) -> None:
        actions = [self._post, self._comment, self._edit, self._edit_several, self._delete]
        action = rng.choices([*actions, None], weights=[45, 20, 15, 5, 8, 7])[0]
        self._attempt(lambda: self.commit(action) if action else self._roll_back())

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except DatabaseError as error:
            self.record(failed=f"{type(error).__name__}: {error}")
            connection.close()
            time.sleep(RETRY_DELAY)
            self._attempt(self._reload_live)

    def _reload_live(self) -> None:
        own = StatusChange.objects.filter(user__username=self.name).exclude(pk=self.thread.pk)
        self.live = list(own.order_by("-pk").values_list("pk", flat=True)[:MAX_LIVE])

    # Actions.

    def _join(self) -> list[int]:
        self.user = User.objects.create_user(self.name)
        return list(self.user.feed_events.values_list("pk", flat=True))

    def _open_thread(self) -> list[int]:
        self.thread = StatusChange.objects.create(user=self.user, text=self._next_text())
        return [self.thread.pk]

    def _post(self) -> list[int]:
        status = StatusChange.objects.create(user=self.user, text=self._next_text())
        self.live = [*self.live[-MAX_LIVE:], status.pk]
        return [status.pk]

    def _comment(self) -> list[int]:
        about = rng.choice([self.thread.pk, *self.live])
        return [Comment.objects.create(user=self.user, thread_id=about, text=self._next_text()).pk]

    def _edit(self) -> list[int]:
        status = StatusChange.objects.get(pk=rng.choice([self.thread.pk, *self.live]))
        status.text = self._next_text()
        status.save()
        return [status.pk]

    def _edit_several(self) -> list[int]:
        chosen = rng.sample(self.live, min(3, len(self.live)))
        StatusChange.objects.filter(pk__in=chosen).update(text=self._next_text())
        return chosen

    def _delete(self) -> list[int]:
        if not self.live:
            return self._post()
        chosen = self.live.pop(rng.randrange(len(self.live)))
        gone = list(Event.objects.filter(Q(pk=chosen) | Q(comment__thread=chosen)).values_list("pk", flat=True))
        Event.objects.get(pk=chosen).delete()
        return gone

    def _roll_back(self) -> None:
        """Roll back a transaction, and then a savepoint in a transaction that commits."""
        try:
            with transaction.atomic():
                self._write_uncommitted()
                raise RolledBack
        except RolledBack:
            self.commit(self._edit_after_savepoint)

    def _edit_after_savepoint(self) -> list[int]:
        try:
            with transaction.atomic():
                self._write_uncommitted()
                raise RolledBack
        except RolledBack:
            return self._edit()

    def _write_uncommitted(self) -> None:
        StatusChange.objects.create(user=self.user, text=f"{NEVER}: {self._next_text()}")
        StatusChange.objects.filter(pk=self.thread.pk).update(text=f"{NEVER}: {self._next_text()}")
        StatusChange.objects.filter(pk__in=self.live[:1]).delete()

    def _next_text(self) -> str:
        self.number += 1
        return f"{self.name} says <{self.number}> & goes on"
