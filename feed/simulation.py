"""Simulated people who post, comment, edit and delete, so that there is something to watch."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from threading import Lock, Thread
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connections

from feed.log import PUBLIC
from feed.models import Comment, Event, StatusChange
from feed.people import name_field

NAMES = [
    *("ada", "bela", "chidi", "dora", "emeka", "fatima", "goran", "hana", "ines", "jun"),
    *("kofi", "lena", "mateo", "nadia", "omar", "priya", "quinn", "rosa", "sven", "tala"),
]
OPENINGS = ["Just", "Finally", "At last I", "This morning I", "Third try, and I", "With help from a friend I"]
DEEDS = [
    "fixed the flaky test",
    "shipped the new release",
    "found the leak",
    "wrote the migration",
    "closed the oldest ticket",
    "learned what a covering index is",
    "deleted a thousand lines of code",
    "read the whole changelog",
]
REMARKS = ["Nice!", "How?", "Well done.", "I have seen this before.", "Tell me more.", "Same here, last week.", "+1"]

_one_at_a_time = Lock()

logger = logging.getLogger(__name__)


class RealAccount(Exception):
    """Somebody real has the name of a simulated person."""


def changes(crowd: list[Any], rate: float) -> Iterator[None]:
    """Make changes, `rate` in a second, for as long as this is iterated over."""
    done, start = 0, time.monotonic()
    while True:
        if choose()(random.choice(crowd)):  # noqa: S311 (nothing here is secret)
            done += 1
            yield
            # Counted from the start, so that slow saves don't lower the rate.
            time.sleep(max(0.0, start + done / rate - time.monotonic()))


def start(count: int = 40, seconds: float = 60.0, people: int = 6) -> bool:
    """Make so many changes in so many seconds, in another thread. Returns False if that is going on already in this
    process."""
    if not _one_at_a_time.acquire(blocking=False):
        return False
    Thread(target=_run, args=(count, count / seconds, people), name="simulation", daemon=True).start()
    return True


def _run(count: int, rate: float, people: int) -> None:
    try:
        crowd = list(_imaginary(people))
        for _, _ in zip(range(count), changes(crowd, rate) if crowd else (), strict=False):
            pass
    except IntegrityError:
        logger.info("The simulation has ended, because one of its people was deleted.")
    except Exception:
        logger.exception("The simulation has failed.")
    finally:
        connections.close_all()
        _one_at_a_time.release()


def _imaginary(people: int) -> Iterator[Any]:
    """The people whose names nobody real has."""
    for number in range(people):
        try:
            yield person(number)
        except RealAccount:
            continue


def person(number: int) -> Any:
    """The person with this number, without a password. The same in every run. Raises RealAccount."""
    users, fields = get_user_model()._default_manager, {name_field(), get_user_model().USERNAME_FIELD}
    name = NAMES[number % len(NAMES)] + (str(number // len(NAMES) + 1) if number >= len(NAMES) else "")
    person = users.filter(**{name_field(): name}).first() or users.create_user(**dict.fromkeys(fields, name))
    if is_real(person):
        raise RealAccount(
            f"{name} is a real account, which somebody uses. Nothing is posted in its name. Use another database."
        )
    return person


def is_real(person: Any) -> bool:
    """Whether somebody has this account. With single sign-on accounts have no password, but somebody has logged in."""
    return bool(person.has_usable_password() or getattr(person, "last_login", None))


def choose() -> Callable[[Any], bool]:
    """What a person does next. Returns whether there was something to do it with."""
    deeds = [_post, _comment, _edit, _delete]
    return random.choices(deeds, weights=[50, 30, 15, 5])[0]  # noqa: S311


def _post(person: Any) -> bool:
    StatusChange.objects.create(user=person, text=_sentence())
    return True


def _comment(person: Any) -> bool:
    thread = Event.objects.filter(audience=PUBLIC).exclude(kind="comment").newest().first()
    if thread is None:
        return False
    try:
        Comment.objects.create(user=person, thread=thread, text=random.choice(REMARKS))  # noqa: S311
    except IntegrityError:  # the event was deleted meanwhile
        return False
    return True


def _edit(person: Any) -> bool:
    newest = StatusChange.objects.filter(user=person).newest().values_list("pk", flat=True)[:1]
    # An update, because save() would insert the event again if another process has deleted it meanwhile.
    return bool(StatusChange.objects.filter(pk__in=list(newest)).update(text=_sentence()))


def _delete(person: Any) -> bool:
    oldest = StatusChange.objects.filter(user=person).order_by("pk").first()
    if oldest is None:
        return False
    oldest.delete()
    return True


def _sentence() -> str:
    return f"{random.choice(OPENINGS)} {random.choice(DEEDS)}."  # noqa: S311
