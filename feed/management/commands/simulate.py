import random
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

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


class Command(BaseCommand):
    help = "Simulate people who post, comment, edit and delete, so that there is something to watch. Stop with Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rate", type=float, default=1.0, help="changes a second (default: 1)")
        parser.add_argument("--people", type=int, default=5, help="how many people (default: 5)")
        parser.add_argument("--count", type=int, help="stop after this many changes (default: never)")

    def handle(self, *, rate: float, people: int, count: int | None, **options: Any) -> None:
        if rate <= 0 or people < 1:
            raise CommandError(f"--rate must be above 0 and --people at least 1, not {rate:g} and {people}.")
        crowd = [_person(number) for number in range(people)]
        done = 0
        start = time.monotonic()
        try:
            while count is None or done < count:
                if _choose()(random.choice(crowd)):  # noqa: S311 (nothing here is secret)
                    done += 1
                    # Counted from the start, so that slow saves don't lower the rate.
                    time.sleep(max(0.0, start + done / rate - time.monotonic()))
        except KeyboardInterrupt:
            pass
        self.stdout.write(f"{done} changes by {people} people in {time.monotonic() - start:.1f} s.")


def _person(number: int) -> Any:
    """The person with this number, without a password. The same in every run."""
    users, fields = get_user_model()._default_manager, {name_field(), get_user_model().USERNAME_FIELD}
    name = NAMES[number % len(NAMES)] + (str(number // len(NAMES) + 1) if number >= len(NAMES) else "")
    person = users.filter(**{name_field(): name}).first() or users.create_user(**dict.fromkeys(fields, name))
    if person.has_usable_password():
        raise CommandError(
            f"{name} is a real account, which has a password. Nothing is posted in its name. Use another database."
        )
    return person


def _choose() -> Callable[[Any], bool]:
    deeds = [_post, _comment, _edit, _delete]
    return random.choices(deeds, weights=[50, 30, 15, 5])[0]  # noqa: S311


def _post(person: Any) -> bool:
    StatusChange.objects.create(user=person, text=_sentence())
    return True


def _comment(person: Any) -> bool:
    thread = Event.objects.exclude(kind="comment").newest().first()
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
