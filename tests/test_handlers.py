"""Durable handlers in real processes: killed, several at once, woken by the doorbell."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.databases import ROOT, clean_environment, sqlite_database
from tests.support.processes import TIMEOUT, wait_until
from tests.support.servers import Shell

KILLS = 50
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.support.handling_settings"}
POST = """
from django.contrib.auth.models import User
from feed.models import StatusChange
StatusChange.objects.create(user=User.objects.get_or_create(username="alice")[0], text="Hello")
"""
LIST = "from django.core.management import call_command; call_command('run_handlers', '--list')"
COUNT = "from django.contrib.auth.models import Group; print(Group.objects.count())"


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Of processes with a database of their own."""
    if request.param == "sqlite":
        with sqlite_database() as url:
            yield clean_environment(url) | SETTINGS
    else:
        redis = {"REDIS_URL": request.getfixturevalue("redis_url")}
        yield clean_environment(request.getfixturevalue("postgresql_database")) | SETTINGS | redis


def played(environment: dict[str, str], how: str, count: int) -> Any:
    command = [sys.executable, "-m", "tests.support.handling.processes", how, str(count)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=2 * TIMEOUT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_handler_that_is_killed_50_times_in_a_burst_handles_each_change_once_and_in_order(
    environment: dict[str, str],
) -> None:
    found = played(environment, "kill", KILLS)
    assert found["handled"] == found["posts"]
    assert found["failed"] == [position for position in found["posts"] if position % 10 == 0]
    assert len(found["posts"]) > KILLS
    assert found["workers"] >= KILLS // 2, "Too few had handled something when they were killed."


@pytest.mark.parametrize("how", ["together", "freeze"])
def test_two_processes_at_once_handle_each_change_once_and_in_order(environment: dict[str, str], how: str) -> None:
    found = played(environment, how, 2)
    assert found["handled"] == found["posts"]
    assert found["statuses"] == [0, 0], "SIGTERM ends the command gently."


def test_the_doorbell_wakes_the_handlers(environment: dict[str, str]) -> None:
    environment |= {"FEED_POLL": "3600"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_handlers"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        assert "Handlers run" in process.stdout.readline()
        with Shell(environment) as shell:
            wait_until(lambda: "note: following" in shell.run(LIST), "the first look")
            shell.run(POST)
            wait_until(lambda: shell.run(COUNT).strip() == "1", "the handler")
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    finally:
        process.kill()
        process.communicate()
