"""Forks processes that run `manage.py run_handlers`, while another process posts as fast as it can.

    python -m tests.support.handling.processes kill TIMES       kills one after the other with SIGKILL
    python -m tests.support.handling.processes together COUNT   runs several at once, and stops them with SIGTERM
    python -m tests.support.handling.processes freeze COUNT     the same, after the first was frozen in a transaction

Prints JSON: the positions of the posts in the log, those that were handled, in the order in which that happened, how
many processes have handled some, and the exit statuses of those that weren't killed. Forks, because a process that
starts Python takes much longer to begin than a handler takes for all its work.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from feed import log  # noqa: E402
from feed.handler_tables import SetAside  # noqa: E402
from feed.management.commands import run_handlers  # noqa: E402, F401 (so that each child has it)
from feed.models import StatusChange  # noqa: E402
from tests.support.handling import handlers  # noqa: E402

LIFE = (0.0, 0.15)
"""Seconds between what a process writes and its kill."""
PAUSE = 0.01
"""Seconds between two posts."""
TOGETHER = 1.5
"""Seconds that processes run at the same time."""


def forked(work: Callable[[], object]) -> int:
    """Do the work in a child, and return its process id. The parent never connects to the database."""
    sys.stdout.flush()
    if child := os.fork():
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 (a child must not go on with the parent's work)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def post() -> None:
    alice, _ = User.objects.get_or_create(username="alice")
    while True:
        StatusChange.objects.create(user=alice, text="in a burst")
        time.sleep(PAUSE)


def run(told: int) -> None:
    """told: a file descriptor, to which the command writes when it begins."""
    with os.fdopen(told, "w") as output:
        call_command("run_handlers", stdout=output)


def run_and_tell(told: int) -> None:
    """told: a file descriptor, to which the first call of a handler writes."""
    handlers.at_first_call = lambda: os.write(told, b".")
    call_command("run_handlers", stdout=sys.stderr)


def run_and_tell_later(told: int) -> None:
    """told: a file descriptor, to which is written once the first call of a handler is committed."""

    def tell() -> None:
        handlers.at_first_call = None
        os.write(told, b".")

    def tell_when_committed() -> None:
        transaction.on_commit(tell)
        handlers.at_first_call = tell_when_committed  # for the next call, if this one is rolled back

    handlers.at_first_call = tell_when_committed
    call_command("run_handlers", stdout=sys.stderr)


def started(work: Callable[[int], object]) -> int:
    """A child that has begun its work."""
    begun, told = os.pipe()
    child = forked(lambda: work(told))
    os.close(told)
    assert os.read(begun, 1), "It has ended before it began."
    os.close(begun)
    return child


def kill(times: int) -> list[int]:
    """Every second process has handled some changes before it is killed; the others may be in their first."""
    for number in range(times):
        child = started(run_and_tell_later if number % 2 else run_and_tell)
        time.sleep(random.uniform(*LIFE))  # noqa: S311
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL, "It has ended before it was killed."
    return []


def together(count: int) -> list[int]:
    children = [started(run) for _ in range(count)]
    time.sleep(TOGETHER)
    for child in children:
        os.kill(child, signal.SIGTERM)
    return [ended(child) for child in children]


def freeze(count: int) -> list[int]:
    frozen = started(run_and_tell)
    os.kill(frozen, signal.SIGSTOP)
    others = [started(run) for _ in range(count - 1)]
    time.sleep(TOGETHER)
    os.kill(frozen, signal.SIGCONT)
    for child in (frozen, *others):
        os.kill(child, signal.SIGTERM)
    return [ended(child) for child in (frozen, *others)]


def report(statuses: list[int]) -> None:
    posts = [change.position for change in log.read(0, log.state().head) if change.kind == "status_change"]
    notes = [name.split() for name in Group.objects.order_by("pk").values_list("name", flat=True)]
    failed = list(SetAside.objects.order_by("position").values_list("position", flat=True))
    handled = [int(position) for position, *_ in notes]
    workers = len({process for _, process, *_ in notes})
    found = {"posts": posts, "handled": handled, "failed": failed, "workers": workers, "statuses": statuses}
    print(json.dumps(found))  # noqa: T201


def main(how: str, count: int) -> None:
    poster = forked(post)
    try:
        statuses = {"kill": kill, "together": together, "freeze": freeze}[how](count)
    finally:
        os.kill(poster, signal.SIGKILL)
        ended(poster)
    assert ended(forked(lambda: call_command("run_handlers", "--once"))) == 0
    assert ended(forked(lambda: report(statuses))) == 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
