"""Without its fast paths Rill does the same, only slower: runs tests of other files with all fast paths off."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from feed import connection as connections
from feed import log
from feed.connection.asgi import Connection
from feed.connection.daphne import DaphneConnection
from feed.connection.daphne_stream import DaphneStream
from feed.connection.streaming import StreamConnection
from feed.connection.uvicorn import UvicornConnection
from feed.connection.uvicorn_stream import UvicornStream
from feed.fast_path import FastPath
from feed.kinds import compiled, loading
from feed.log import batch, recording
from feed.models import Comment, StatusChange
from tests.feed.kinds.test_odd_kinds import (  # noqa: F401
    odd,
    test_pages_and_api_show_an_odd_event,
    test_watchers_get_an_odd_event_and_the_events_after_it,
)
from tests.feed.kinds.test_unloadable_kinds import (  # noqa: F401
    absent,
    test_an_event_whose_kind_has_no_table_or_class_does_not_hold_up_others,
    test_an_event_whose_table_is_locked_does_not_hold_up_others_and_is_redelivered,
)
from tests.feed.log.test_numbering import (  # noqa: F401
    test_a_transaction_that_begins_first_and_commits_last_is_numbered_last,
    test_concurrent_numberings_give_each_position_once,
    test_numbering_waits_for_a_concurrent_numbering,
)
from tests.feed.sockets import connect, post_status, texts
from tests.feed.test_consumers import (  # noqa: F401
    test_a_watcher_gets_edits_and_deletions,
    test_frames_of_a_narrow_stream_tile_the_log,
    test_with_a_doorbell_a_post_does_not_wait_for_the_poll,
)
from tests.feed.test_resuming import (  # noqa: F401
    test_a_client_that_resumes_ends_in_the_same_state_as_one_that_never_left,
    test_a_cursor_older_than_the_tail_is_served_from_the_database,
    test_a_pruned_cursor_is_reset,
)
from tests.support.reading import reading
from tests.support.servers import Kind, Server
from tests.support.watching import BOTH, post_from_another_process, watching

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]

PATHS = [batch.batching, compiled.compiling]


@pytest.fixture(autouse=True)
def fast_paths(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Turn the fast paths off, except for a test of this file that checks the warning about one."""
    is_on = "caplog" in request.fixturenames and request.function.__module__ == __name__
    for path in [*PATHS, *connections.KNOWN.values(), *connections.STREAMS.values()]:
        monkeypatch.setattr(path, "is_on", is_on)
    if not is_on:
        monkeypatch.setattr(recording, "open_cursor", lambda connection: connection.cursor())
    compiled._compiled.cache_clear()
    yield
    compiled._compiled.cache_clear()


def fail(*args: Any, **kwargs: Any) -> Any:
    raise AttributeError("'SQLCompiler' object has no attribute 'select'")


def assert_one_warning(caplog: pytest.LogCaptureFixture, beginning: str) -> None:
    messages = [record.message for record in caplog.records if record.name == "feed.fast_path"]
    assert messages == [f"{beginning}, because a library has changed: AttributeError: {error_text()}"]
    assert caplog.records[0].levelno == logging.WARNING


def error_text() -> str:
    with pytest.raises(AttributeError) as raised:
        fail()
    return str(raised.value)


def test_if_the_compiler_has_changed_the_orm_reads_and_one_warning_is_logged(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    monkeypatch.setattr(compiled.CompiledQuery, "__init__", fail)
    for _ in range(2):
        found = loading.of_kinds([("status_change", status.pk)])
        assert [str(event) for event in found.values()] == ["alice: Hello"]
    assert_one_warning(caplog, "Each read of events is compiled anew")


@pytest.mark.postgresql
def test_if_the_driver_has_changed_statements_are_sent_singly_and_one_warning_is_logged(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert connection.vendor == "postgresql"
    monkeypatch.setattr(batch, "_in_one_message", fail)
    for text in "ab":
        StatusChange.objects.create(user=alice, text=text)
        assert log.number().head == log.Change.objects.count()
    assert_one_warning(caplog, "Statements are sent to PostgreSQL one by one")


@pytest.mark.parametrize(
    ("fast", "found", "plain"),
    [
        (UvicornConnection, connections.connection_for, Connection),
        (DaphneConnection, connections.connection_for, Connection),
        (UvicornStream, connections.stream_for, StreamConnection),
        (DaphneStream, connections.stream_for, StreamConnection),
    ],
)
def test_if_the_server_has_changed_frames_go_through_asgi_and_one_warning_is_logged(
    fast: Any, found: Any, plain: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def send(message: dict[str, Any]) -> None: ...

    monkeypatch.setattr(fast, "protocol_of", lambda send: object())
    monkeypatch.setattr(fast, "__init__", fail)
    assert [type(found(send)) for _ in range(2)] == [plain] * 2
    assert len([record for record in caplog.records if record.name == "feed.fast_path"]) == 1


def test_a_fast_path_that_is_turned_off_stays_off() -> None:
    path = FastPath("It is slower")
    assert path.is_on
    for _ in range(2):
        path.turn_off(AttributeError("gone"))
    assert not path.is_on


async def test_a_watcher_gets_a_post(alice: User) -> None:
    async with connect("?after=0") as watcher:
        await watcher.frame()
        await post_status(alice, "Hello")
        assert texts(await watcher.frame()) == ["Hello"]


@BOTH
def test_a_server_without_fast_paths_misses_nothing(kind: Kind) -> None:
    with (
        Server(kind, DJANGO_SETTINGS_MODULE="tests.support.plain_settings") as server,
        watching(server, "after=0") as watcher,
        reading(server, "after=0") as reader,
    ):
        post_from_another_process(server, "one", "two")
        watcher.see("one", "two")
        reader.see("two")
        server.kill()
        server.start()
        with watching(server, f"after={watcher.cursor}") as again:
            post_from_another_process(server, "three")
            again.see("three")
        assert "library has changed" not in server.log()


def test_a_kind_that_can_not_be_compiled_leaves_the_others_their_fast_path(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    monkeypatch.setattr(StatusChange._meta.get_field("text"), "select_format", fail)
    assert loading.of_kinds([("status_change", status.pk)]) == {}
    assert compiled.compiling.is_on
    assert compiled.compiled(Comment)
    assert caplog.text.count("Failed to load") == 1
