"""Reading what memory no longer holds: as much as a few frames take, and not again for the next of them."""

import json

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from feed import log
from feed.hub.history import History, HistoryPage, HistoryQuery, find
from feed.hub.watcher import Watcher
from feed.models import Comment, StatusChange
from tests.lines import Line

pytestmark = pytest.mark.database

PUBLIC = HistoryQuery("k3x9", frozenset(["public"]), "json")


def fill(alice: User, *texts: str) -> int:
    """Posts the texts, and returns the head of the log."""
    for text in texts:
        StatusChange.objects.create(user=alice, text=text)
    return log.number().head


def texts(part: HistoryPage, begin: int) -> list[str]:
    frame, _ = part.cut(Watcher(PUBLIC.streams, "json", Line(), begin, "k3x9"), begin)
    return [change["event"]["text"] for change in json.loads(frame.text)["changes"] if "text" in change["event"]]


def test_the_frames_after_the_first_need_no_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    head = fill(alice, *"abcd")
    history = History()
    history.read(PUBLIC, 0, head)
    with django_assert_num_queries(0):
        part = history.kept(PUBLIC, head - 2)
        assert part
        assert texts(part, head - 2) == ["c", "d"]
    assert history.kept(PUBLIC, head) is None


def test_what_was_read_serves_only_who_asks_for_the_same_and_only_for_a_moment(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = fill(alice, *"abcd")
    history = History()
    part = history.read(PUBLIC, 1, head)
    assert history.kept(PUBLIC, 1) is part
    assert history.kept(PUBLIC, 0) is None
    assert history.kept(HistoryQuery("other", PUBLIC.streams, "json"), 1) is None
    assert history.kept(HistoryQuery("k3x9", frozenset(["user:alice"]), "json"), 1) is None
    assert history.kept(HistoryQuery("k3x9", PUBLIC.streams, "html"), 1) is None
    monkeypatch.setattr("feed.history.KEPT_SECONDS", 0)
    assert history.kept(PUBLIC, 1) is None


@pytest.mark.parametrize("length", [20, 1900])
def test_a_read_is_as_large_as_a_few_frames_whatever_the_size_of_the_events(
    alice: User, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.history.READ_SIZE", 8_000)
    head = fill(alice, *(["x" * length] * 100))
    history = History()
    position, sizes = 0, list[int]()
    while position < head:
        part = history.read(PUBLIC, position, head)
        position = part.position
        sizes.append(sum(entry.size("json") for entry in part.entries))
    assert len(sizes) > 2
    assert all(5_000 < size < 13_000 for size in sizes[:-1])


def test_few_among_many_are_found_in_parts_that_tile(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.history.BATCH", 5)
    fill(alice, "status")
    for number in range(20):
        if number % 4:
            fill(alice, "noise")
        else:
            Comment.objects.create(user=alice, thread=StatusChange.objects.first(), text=str(number))
    head = log.number().head
    position, found = 0, []
    while position < head:
        changes, position = find(position, head, frozenset(["kind:comment"]), 2)
        assert len(changes) <= 2
        found += [change.at_position for change in changes]
    assert found == [number + 3 for number in range(0, 20, 4)]
