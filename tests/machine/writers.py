"""Writers of events. Each has its own thread, connection and transaction."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.contrib.auth.models import User
from django.db import connections, transaction

from feed.models import Comment, Event, StatusChange
from tests.machine.model import Change

TIMEOUT = 30
"""Seconds for a statement. A slower one is waiting for another writer, and would wait for ever."""
KINDS: dict[str, type[StatusChange] | type[Comment]] = {"status_change": StatusChange, "comment": Comment}
WAYS = ("save", "save the field", "save the row", "update")
"""Ways to change a field."""

Wanted = ParamSpec("Wanted")
Result = TypeVar("Result")


class Writer:
    """changes: those of the open transaction, as a list. Nobody else sees them until it commits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.changes: list[Change] = []
        self._thread = ThreadPoolExecutor(1, name)
        # The open transaction and its savepoints, each with the number of changes before it.
        self._blocks: list[tuple[transaction.Atomic, int]] = []

    def __repr__(self) -> str:
        return self.name

    def do(self, work: Callable[Wanted, Result], *wanted: Wanted.args, **named: Wanted.kwargs) -> Result:
        return self._thread.submit(work, *wanted, **named).result(TIMEOUT)

    @property
    def depth(self) -> int:
        """0 if no transaction is open, 1 in a transaction, 2 after a savepoint, and so on."""
        return len(self._blocks)

    def enter(self) -> None:
        """Begin a transaction, or set a savepoint in the one that is open."""
        block = transaction.atomic()
        self.do(block.__enter__)
        self._blocks.append((block, len(self.changes)))

    def commit(self) -> None:
        while self._blocks:
            block, _ = self._blocks.pop()
            self.do(block.__exit__, None, None, None)

    def roll_back(self) -> None:
        """Roll back to the last savepoint, or the whole transaction if there is none."""
        block, before = self._blocks.pop()
        del self.changes[before:]
        self.do(transaction.set_rollback, True)
        self.do(block.__exit__, None, None, None)

    def stop(self) -> None:
        while self._blocks:
            self.roll_back()
        self.do(connections.close_all)
        self._thread.shutdown()


# What a writer does in its thread.


def post_status(user: str, text: str, audience: str) -> int:
    author = User.objects.get(username=user)
    made: StatusChange = StatusChange.objects.create(user=author, text=text, audience=audience)
    return made.pk


def comment(user: str, thread: int, text: str) -> int:
    made: Comment = Comment.objects.create(user=User.objects.get(username=user), thread_id=thread, text=text)
    return made.pk


def edit(pk: int, text: str) -> None:
    event = Event.objects.get(pk=pk)
    assert isinstance(event, StatusChange | Comment)
    event.text = text
    event.save()


def edit_all(kind: str, user: str, excluded: Sequence[int], text: str) -> None:
    KINDS[kind].objects.filter(user__username=user).exclude(pk__in=excluded).update(text=text)


def move(pk: int, field: str, value: object, how: str) -> None:
    """Give one field of the event another value, in one of the WAYS."""
    event: Event = (Event.rows if how == "save the row" else Event.objects).get(pk=pk)
    if how == "update":
        type(event).objects.filter(pk=pk).update(**{field: value})
        return
    setattr(event, field, value)
    event.save(update_fields=[field] if how == "save the field" else None)


def move_to_user(pk: int, user: str, how: str) -> None:
    found = User.objects.get(username=user)
    if how == "relation":
        found.feed_events.add(Event.objects.get(pk=pk))
    else:
        move(pk, "user", found, how)


def move_to_thread(pk: int, thread: int, how: str) -> None:
    found = Event.objects.get(pk=thread)
    if how == "relation":
        found.comments.add(Event.objects.get(pk=pk))
    else:
        move(pk, "thread", found, how)


def move_all(user: str, excluded: Sequence[int], audience: str) -> None:
    StatusChange.objects.filter(user__username=user).exclude(pk__in=excluded).update(audience=audience)


def delete(pk: int) -> None:
    Event.objects.get(pk=pk).delete()


def delete_all(kind: str, user: str, excluded: Sequence[int]) -> None:
    KINDS[kind].objects.filter(user__username=user).exclude(pk__in=excluded).delete()


def sign_up(user: str) -> int:
    """Returns the id of the welcome."""
    return User.objects.create_user(user).feed_events.get().pk


def leave_and_sign_up_again(user: str) -> int:
    """Returns the id of the new welcome."""
    with transaction.atomic():
        User.objects.get(username=user).delete()
        return sign_up(user)
