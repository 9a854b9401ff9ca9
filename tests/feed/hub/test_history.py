"""Pages of history: each holds a few frames, and is read once for all of them."""

import json

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from feed import log
from feed.hub.history import History, HistoryPage, HistoryQuery, find
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Watcher
from feed.models import Comment, StatusChange
from tests.support.connections import Line

pytestmark = pytest.mark.database

PUBLIC = HistoryQuery("k3x9", frozenset(["public"]), "json")


def post_texts(alice: User, *texts: str) -> int:
    """Post the texts. Returns the head of the log."""
    for text in texts:
        StatusChange.objects.create(user=alice, text=text)
    return log.number().head


class UnusedThreads(ReadingThreads):
    """Fails the test if something is read in another thread."""

    def __init__(self) -> None: ...


def new_history() -> History:
    return History(UnusedThreads(), forget_access=list)


def read(history: History, after: int, head: int) -> HistoryPage:
    page = history.read(PUBLIC, after, head, head)
    history.keep(page)
    return page


def cached(history: History, query: HistoryQuery, after: int) -> HistoryPage | None:
    return next((page for page in history._pages if page.answers(query, after) and page.is_fresh()), None)


def texts(page: HistoryPage, after: int) -> list[str]:
    frame = page.frame(Watcher(PUBLIC.streams, "json", Line(), after, "k3x9"), after)
    return [change["event"]["text"] for change in json.loads(frame.text)["changes"] if "text" in change["event"]]


def test_the_frames_after_the_first_need_no_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    head = post_texts(alice, *"abcd")
    history = new_history()
    read(history, 0, head)
    with django_assert_num_queries(0):
        page = history.page(PUBLIC, head - 2, head)
        assert isinstance(page, HistoryPage)
        assert texts(page, head - 2) == ["c", "d"]
    assert cached(history, PUBLIC, head) is None


def test_a_page_answers_only_the_same_query_and_only_for_a_moment(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    head = post_texts(alice, *"abcd")
    history = new_history()
    page = read(history, 1, head)
    assert cached(history, PUBLIC, 1) is page
    assert cached(history, PUBLIC, 0) is None
    assert cached(history, HistoryQuery("other", PUBLIC.streams, "json"), 1) is None
    assert cached(history, HistoryQuery("k3x9", frozenset(["user:alice"]), "json"), 1) is None
    assert cached(history, HistoryQuery("k3x9", PUBLIC.streams, "html"), 1) is None
    monkeypatch.setattr("feed.hub.history.PAGE_SECONDS", 0)
    assert cached(history, PUBLIC, 1) is None


@pytest.mark.parametrize("length", [20, 1900])
def test_a_page_is_as_large_as_a_few_frames_with_events_of_any_size(
    alice: User, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.hub.history.PAGE_SIZE", 8_000)
    head = post_texts(alice, *(["x" * length] * 100))
    history = new_history()
    position, sizes = 0, list[int]()
    while position < head:
        page = read(history, position, head)
        position = page.position
        sizes.append(sum(entry.size("json") for entry in page.entries))
    assert len(sizes) > 2
    assert all(5_000 < size < 13_000 for size in sizes[:-1])


def test_a_search_for_rare_changes_returns_parts_that_tile(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.hub.history.BATCH", 5)
    post_texts(alice, "status")
    for number in range(20):
        if number % 4:
            post_texts(alice, "noise")
        else:
            Comment.objects.create(user=alice, thread=StatusChange.objects.first(), text=str(number))
    head = log.number().head
    position, found = 0, []
    while position < head:
        changes, position = find(position, head, frozenset(["kind:comment"]), 2)
        assert len(changes) <= 2
        found += [change.position for change in changes]
    assert found == [number + 3 for number in range(0, 20, 4)]
