"""The watchers of the faults parse all formats alike, and resume as browsers and programs do."""

from collections.abc import Iterator
from typing import get_args

import pytest
from django.contrib.auth.models import User

from feed.frames.encoding import encode
from feed.frames.entries import Entry
from feed.frames.formats import FORMATS
from feed.models import StatusChange
from feed.refusals import Refusal
from tests.faults.harness.fleet import Fleet
from tests.faults.harness.received import FormatName, Frame, Row, Shown, parse
from tests.faults.harness.watcher import RecordingWatcher
from tests.support.processes import wait_until
from tests.support.servers import Server

FORMAT_NAMES = pytest.mark.parametrize("form", get_args(FormatName))


def shown_by(form: FormatName, entry: Entry, action: str) -> Shown:
    written = written_as(form)
    encode(entry, [written])
    text = FORMATS[written].changes("k3x9", 4, 7, [FORMATS[written].change(entry, action)])
    frame = parse(form, text)
    assert (frame.type, frame.position) == ("changes", 7)
    (shown,) = frame.shown
    return shown


def written_as(form: FormatName) -> str:
    return "html" if form == "html" else "json"


@FORMAT_NAMES
@pytest.mark.parametrize("action", ["created", "updated", "deleted"])
def test_a_change_is_parsed_alike_in_all_formats(alice: User, form: FormatName, action: str) -> None:
    status = StatusChange.objects.create(user=alice, text="1 < 2 & so on")
    status.save()
    entry = Entry(7, action, status.pk, "status_change", frozenset({"public"}), status)
    row = None if action == "deleted" else Row("status_change", "alice", "1 < 2 & so on", edited=True)
    position = None if form == "html" else 7
    assert shown_by(form, entry, action) == Shown(status.pk, action, row, position)


@FORMAT_NAMES
def test_a_reset_and_a_refusal_are_parsed_in_all_formats(form: FormatName) -> None:
    written = FORMATS[written_as(form)]
    assert parse(form, written.reset("k3x9", 7, "ahead")) == Frame("reset", 7, log="k3x9", reason="ahead")
    refused = parse(form, written.error(Refusal("bad_cursor", "No.")))
    assert refused.type == "error"
    assert "No." in refused.reason


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet() as fleet:
        yield fleet


POST = """
alice, _ = User.objects.get_or_create(username="alice")
print(StatusChange.objects.create(user=alice, text={!r}).pk, end="")
"""


def test_a_watcher_that_is_reset_loads_the_snapshot_and_continues_from_it(server: Server, fleet: Fleet) -> None:
    first = int(server.shell(POST.format("before")))
    watchers = fleet.add(
        RecordingWatcher([server.url()], ("user:alice",), form, after=1000) for form in get_args(FormatName)
    )
    fleet.wait_live()
    wait_until(lambda: all(first in watcher.rows for watcher in watchers), "the snapshot")
    second = int(server.shell(POST.format("after")))
    wait_until(lambda: all(second in watcher.rows for watcher in watchers), "the event after it")
    assert [watcher.arrivals[0].frame.type for watcher in watchers] == ["reset"] * 3
    assert {watcher.cursor for watcher in watchers} == {3}  # and not 1,000
    assert watchers[0].rows == watchers[1].rows == watchers[2].rows


@pytest.mark.parametrize("form", ["json", "events"])
def test_a_watcher_that_is_refused_does_not_reconnect(server: Server, fleet: Fleet, form: FormatName) -> None:
    (watcher,) = fleet.add([RecordingWatcher([server.url()], ("user:nobody",), form)])
    wait_until(lambda: bool(watcher.broken), "the refusal")
    assert "4404" in watcher.broken
    with pytest.raises(AssertionError, match="4404"):
        fleet.check()
