"""Webhooks from real processes, one of which is killed while it waits for an answer."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.feed.webhooks.receiver import Receiver, receiving
from tests.support.databases import ROOT, clean_environment, manage, sqlite_database
from tests.support.processes import TIMEOUT, wait_until

TEXTS = ["a", "b", "c"]
MAKE = """
from feed.models import Webhook
print(Webhook.objects.create(url={url!r}, streams="kind:status_change").secret)
"""
POST = f"""
from django.contrib.auth.models import User
from feed.models import StatusChange
alice, _ = User.objects.get_or_create(username="alice")
for text in {TEXTS}:
    StatusChange.objects.create(user=alice, text=text)
"""
LET_THE_LEASE_RUN_OUT = """
from django.db.models.functions import Now
from feed.models import HandlerCursor
print(HandlerCursor.objects.exclude(lease="").update(leased_until=Now()))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Of processes with a database of their own, which may send to this machine."""
    if request.param == "sqlite":
        with sqlite_database() as url:
            yield clean_environment(url) | {"FEED_WEBHOOK_PRIVATE": "1"}
    else:
        url = request.getfixturevalue("postgresql_database")
        yield clean_environment(url) | {"FEED_WEBHOOK_PRIVATE": "1"}


def shell(environment: dict[str, str], code: str) -> str:
    return manage(environment, "shell", "-v", "0", "-c", code).strip()


@contextmanager
def handlers(environment: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_handlers"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(TIMEOUT)


def sent(receiver: Receiver, secret: str) -> list[str]:
    return [message["data"]["event"]["text"] for message in receiver.messages(secret)]


def test_what_a_killed_process_was_sending_is_sent_again_under_its_id_and_in_order(environment: dict[str, str]) -> None:
    with receiving() as receiver:
        secret = shell(environment, MAKE.format(url=receiver.url))
        shell(environment, POST)
        with handlers(environment) as killed:
            receiver.before_answer = killed.kill
            assert killed.wait(TIMEOUT) == -signal.SIGKILL
        receiver.before_answer = lambda: None
        assert sent(receiver, secret) == ["a"]
        assert shell(environment, LET_THE_LEASE_RUN_OUT) == "1", "The killed process had no lease."
        with handlers(environment) as other:
            wait_until(lambda: len(receiver.requests) > len(TEXTS), "the other process to go on")
            other.terminate()
            assert other.wait(TIMEOUT) == 0
        assert sent(receiver, secret) == ["a", *TEXTS]
        ids = [headers["webhook-id"] for headers, _ in receiver.requests]
        assert ids[0] == ids[1]
        assert len(set(ids)) == len(TEXTS)
