"""A process that forks after it has used the database and Redis. Parent and child both continue."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis as redis_client

from tests.support.databases import ROOT, clean_environment, sqlite_database
from tests.support.processes import TIMEOUT

FORK = """
import os, sys, threading, django
django.setup()
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, connections
from feed import log
from feed.doorbell import doorbell
from feed.ratelimit import Limit, hit
from feed.models import StatusChange

settings.FEED_POST_LIMIT = "1000/hour"
alice = get_user_model().objects.create(username="alice")

def post(text):
    StatusChange.objects.create(user=alice, text=text)
    log.number()
    hit(Limit("FEED_POST_LIMIT", ("alice",)))
    assert doorbell.wait(20)

def wait(pipe): assert os.read(pipe[0], 1)
def tell(pipe): os.write(pipe[1], b".")

post("before")
# Another thread has an open connection during the fork.
used, over = threading.Event(), threading.Event()
def look():
    connection.ensure_connection()
    used.set()
    over.wait()
    assert StatusChange.objects.exists()
    connections.close_all()
other = threading.Thread(target=look)
other.start()
used.wait()

to_child, to_parent = os.pipe(), os.pipe()
if child := os.fork():
    os.close(to_parent[1])  # otherwise a child that fails would leave this process waiting
    wait(to_parent)
    post("the parent, while its child runs")
    over.set()
    other.join()
    connections.close_all()
    tell(to_child)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    post("the parent, after its child")
else:
    os.close(to_child[1])
    post("the child")
    tell(to_parent)
    wait(to_child)
    post("the child, after its parent has closed its connections")
    sys.exit()
"""
TEXTS = [
    "before",
    "the child",
    "the parent, while its child runs",
    "the child, after its parent has closed its connections",
    "the parent, after its child",
]
READ_BACK = """
import django, json
django.setup()
from feed import log
from feed.models import StatusChange
state = log.state()
actions = [change.action for change in log.read(0, state.head)]
print(json.dumps([[*StatusChange.objects.order_by("pk").values_list("text", flat=True)], actions, state.waiting]))
"""
IN_A_TRANSACTION = """
import os, django
django.setup()
from django.contrib.auth import get_user_model
from django.db import connection, transaction
people = get_user_model().objects
with transaction.atomic():
    people.create(username="parent")
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        assert status == 0, status
    else:
        # It only reads: on SQLite the parent's open transaction has the only write lock.
        seen = [*people.values_list("username", flat=True)]
        os._exit(0 if seen == [] else 1)
print([*people.values_list("username", flat=True)])
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_database"))
    return str(request.getfixturevalue("sqlite_file"))


@pytest.fixture
def sqlite_file() -> Iterator[str]:
    with sqlite_database() as url:
        yield url


def run(code: str, database_url: str, **environment: str) -> str:
    """Run code in a new process. Returns its output. Raises TimeoutExpired if it hangs."""
    settings = clean_environment(database_url) | {"DJANGO_SETTINGS_MODULE": "project.settings"} | environment
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_process_and_its_forked_child_both_continue_without_losing_changes(database_url: str, redis_url: str) -> None:
    with redis_client.Redis.from_url(redis_url) as redis:
        redis.flushdb()
        run(FORK, database_url, REDIS_URL=redis_url)
        counted = [redis.llen(key) for key in redis.scan_iter("*FEED_POST_LIMIT*")]
    texts, actions, waiting = json.loads(run(READ_BACK, database_url))
    assert sorted(texts) == sorted(TEXTS)
    assert actions == ["created"] * len(actions)
    assert len(actions) == len(TEXTS) + 1  # one more for alice's welcome
    assert not waiting
    assert counted == [len(TEXTS)], "Each process counts in Redis."


def test_a_forked_child_sees_nothing_of_its_parents_open_transaction(database_url: str) -> None:
    assert run(IN_A_TRANSACTION, database_url) == "['parent']\n"
