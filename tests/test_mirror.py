"""`manage.py mirror` between two real servers: killed, restarted, and shown live on the copy."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import pytest

from tests.support.databases import ROOT, clean_environment, manage, sqlite_database
from tests.support.processes import TIMEOUT
from tests.support.servers import Server
from tests.support.watching import post_from_another_process, watching

Json = dict[str, Any]
KILLS = 20
SETTINGS = {"DJANGO_SETTINGS_MODULE": "project.settings"}
CREATED = """
from feed.log import Change
print(*Change.objects.filter(action="created").values_list("event_id", flat=True))
"""
BURST = """
from django.contrib.auth.models import User
from feed.models import Comment, StatusChange
alice, _ = User.objects.get_or_create(username="alice")
bob, _ = User.objects.get_or_create(username="bob")
for number in range({count}):
    status = StatusChange.objects.create(user=alice, text=f"{{number}}")
    Comment.objects.create(user=bob, thread=status, text="Hi!")
    if number % 3 == 0:
        status.text += ", edited"
        status.save()
    if number % 5 == 0:
        status.delete()
"""


def events_of(server: Server, token: str = "") -> dict[int, Json]:
    """All events of the API."""
    events, address = dict[int, Json](), server.url("/api/events/?limit=200")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    while address:
        with urlopen(Request(address, headers=headers), timeout=TIMEOUT) as answer:
            page = json.load(answer)
        events |= {event["id"]: event for event in page["events"]}
        address = page["next"] and urljoin(address, page["next"])
    return events


@contextmanager
def mirroring(source: Server, copy: Server, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The command in a process of its own, which is killed at the end."""
    command = [sys.executable, "manage.py", "mirror", source.url(), *arguments]
    environment = clean_environment(copy.database_url)
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def source() -> Iterator[Server]:
    with Server("uvicorn") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a copy is made."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql_database")
    else:
        with sqlite_database() as url:
            yield url


def test_a_mirror_that_is_killed_again_and_again_loses_and_doubles_nothing(source: Server, database: str) -> None:
    source.shell(BURST.format(count=30))
    is_over = threading.Event()

    def post() -> None:
        while not is_over.is_set():
            source.shell(BURST.format(count=1))

    posting = threading.Thread(target=post)
    posting.start()
    command = [sys.executable, "-m", "tests.support.mirroring", source.url(), str(KILLS)]
    environment = clean_environment(database) | SETTINGS
    killed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    is_over.set()
    posting.join()
    assert killed.returncode == 0, killed.stderr
    with Server("uvicorn", database_url=database) as copy:
        copy.manage("mirror", source.url(), "--once")
        assert events_of(copy) == events_of(source)
        created = [int(key) for key in copy.shell(CREATED).split()]
        assert len(created) == len({*created}), "Each event is new once in the log of the copy."
        assert {*created} >= events_of(source).keys()


def test_a_copy_is_live_and_survives_a_restart_of_its_source(source: Server, server: Server) -> None:
    post_from_another_process(source, "before")
    with mirroring(source, server) as process:
        assert process.stdout
        assert [process.stdout.readline()[:9] for _ in range(2)] == ["Reading t", "Following"]
        with watching(server, "after=0") as watcher:
            watcher.see("before")
            post_from_another_process(source, "live")
            watcher.see("before", "live")
            source.kill()
            post_from_another_process(source, "while it was down")
            source.start()
            watcher.see("before", "live", "while it was down")
            source.shell("StatusChange.objects.get(text='live').delete()")
            watcher.see("before", "while it was down")
            source.manage("rename_log")
            post_from_another_process(source, "in another log")
            watcher.see("before", "while it was down", "in another log")
    assert events_of(server) == events_of(source)
    page = urlopen(server.url("/people/alice/"), timeout=TIMEOUT).read().decode()
    assert "while it was down" in page
    server.assert_quiet()


def test_a_copy_with_a_token_has_what_its_user_sees(source: Server) -> None:
    post_from_another_process(source, "public")
    source.shell(
        "alice = User.objects.get(username='alice');"
        "StatusChange.objects.create(user=alice, text='secret', audience='only:alice')"
    )
    token = source.manage("token", "alice").strip()
    with Server("uvicorn") as copy:
        environment = clean_environment(copy.database_url) | {"RILL_TOKEN": token}
        manage(environment, "mirror", source.url(), "--once")
        texts = copy.shell("print(*StatusChange.objects.order_by('pk').values_list('text', 'audience'))")
        assert texts.split("\n")[0] == "('public', 'public') ('secret', 'only:alice')"
        assert len(events_of(copy)) == len(events_of(source)) == len(events_of(source, token)) - 1
        wrong = environment | {"RILL_TOKEN": "rill_wrong"}
        with pytest.raises(subprocess.CalledProcessError) as refused:
            manage(wrong, "mirror", source.url(), "--once")
        assert "Traceback" not in refused.value.stderr
