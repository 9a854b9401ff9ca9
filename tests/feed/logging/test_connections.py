"""One line for each connection, when it has ended."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from feed.hub import hub
from feed.hub.poller import LogPoller
from feed.logging.json import JsonFormatter
from feed.logging.request_ids import current
from tests.feed.event_streams import reading
from tests.feed.sockets import connect, post_status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("closed_hub")]
Line = dict[str, Any]


class Lines(logging.Handler):
    """Formats each record when it is logged, as a real handler does."""

    def __init__(self) -> None:
        super().__init__()
        self.formatter = JsonFormatter()
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[list[Line]]:
    caplog.set_level(logging.INFO, "feed.connections")
    handler, logger = Lines(), logging.getLogger("feed.connections")
    logger.addHandler(handler)
    yield handler.lines
    logger.removeHandler(handler)


async def test_a_connection_leaves_one_line_that_says_what_it_was(alice: User, log: list[Line]) -> None:
    async with connect("?stream=public&stream=user:alice") as watcher:
        received = [await watcher.text()]
        await post_status(alice, "Hellö")
        received.append(await watcher.text())
        assert log == []
    (line,) = log
    assert (line["door"], line["server"], line["user"], line["streams"]) == ("json", "other", "", 2)
    assert (line["frames"], line["bytes"]) == (2, sum(len(text.encode()) for text in received))
    assert (line["reason"], line["code"]) == ("left", None)
    assert 0 < line["seconds"] < 60
    assert "request" not in line


async def test_the_line_names_the_user_by_key(alice: User, log: list[Line]) -> None:
    client = Client()
    await database_sync_to_async(client.force_login)(alice)
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    async with connect(headers=[(b"cookie", cookie)]) as watcher:
        await watcher.frame()
    assert log[0]["user"] == str(alice.pk)


async def test_a_page_and_its_socket_share_an_id(log: list[Line]) -> None:
    async with connect("?format=html&request=of-the-page") as page:
        await page.send_json_to({"after": "0"})
        await page.html()
    (line,) = log
    assert (line["door"], line["request"]) == ("html", "of-the-page")


async def test_a_stream_of_events_leaves_one_line_too(alice: User, log: list[Line]) -> None:
    async with reading("?stream=user:alice", [(b"x-request-id", b"of-the-program")]) as stream:
        await stream.frame()
        await post_status(alice, "Hello")
        await stream.frame()
        assert log == []
    (line,) = log
    assert (line["door"], line["reason"], line["frames"], line["streams"]) == ("events", "left", 2, 1)
    assert (line["request"], line["code"]) == ("of-the-program", None)


async def test_a_refused_stream_of_events_says_why(log: list[Line]) -> None:
    async with reading("?stream=nope") as stream:
        await stream.refusal()
    assert [(line["door"], line["reason"], line["code"]) for line in log] == [("events", "unknown_stream", 404)]


async def test_a_refused_connection_says_why(log: list[Line]) -> None:
    async with connect("?after=minus", headers=[(b"x-request-id", b"of-the-handshake")]) as watcher:
        await watcher.refusal()
    (line,) = log
    assert (line["reason"], line["code"], line["request"]) == ("bad_cursor", 4400, "of-the-handshake")
    assert "frames" not in line, "It never was a watcher."


async def test_a_drained_connection_says_so(log: list[Line]) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await hub().drain()
        await watcher.closed()
    assert [(line["reason"], line["code"]) for line in log] == [("drained", 4012)]


async def test_without_the_level_nothing_is_written(caplog: pytest.LogCaptureFixture) -> None:
    async with connect() as watcher:
        await watcher.frame()
    assert not [record for record in caplog.records if record.name == "feed.connections"]


async def test_the_hub_does_not_work_under_the_id_of_its_first_watcher(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, take = set(), LogPoller._take

    def noted(poller: LogPoller, batch: Any) -> None:
        seen.add(current.get())
        take(poller, batch)

    async with connect("?request=of-the-first") as watcher:
        await watcher.frame()  # the first read may be the watcher's own: it waits for it
        monkeypatch.setattr(LogPoller, "_take", noted)
        await post_status(alice, "Hello")
        await watcher.frame()
    assert seen == {""}
