"""The pages of a source's snapshot, from a site that answers as the test says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from feed.client import Refused, Unavailable
from feed.mirror import source as module
from feed.mirror.source import Source
from tests.feed.mirror.answers import event, snapshot
from tests.feed.mirror.conftest import Json
from tests.support.local_site import Silent, serving

OLDER = "/api/events/?before=1"
TOO_MANY = 429
"""Instead of a page: the status of an answer that asks to wait for a second."""


@contextmanager
def source_of(*answers: Json | int, token: str = "") -> Iterator[Source]:
    """A source whose site gives these answers, one after the other."""
    left = iter(answers)

    class Answer(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = next(left)
            self.send_response(page if isinstance(page, int) else 200)
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(json.dumps(page).encode())

    with serving(Answer) as site:
        yield Source(site, token=token)


async def pages(source: Source) -> list[list[Json]]:
    return [page.events async for page in source.pages()]


async def test_a_site_that_asks_to_wait_is_waited_for() -> None:
    with source_of(TOO_MANY, snapshot(7, event(1))) as source:
        assert await pages(source) == [[event(1)]]


async def test_a_site_that_asks_to_wait_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITS", 2)
    answers = TOO_MANY, TOO_MANY, snapshot(7, event(1))
    with source_of(*answers) as source, pytest.raises(Unavailable, match="asked to wait"):
        await pages(source)


async def test_a_token_is_sent_to_its_site_alone() -> None:
    """The other site would answer, too."""
    with source_of(snapshot(7)) as other:
        page = snapshot(7, event(1), following=f"{other.url.rstrip('/')}{OLDER}")
        with source_of(page, token="rill_secret") as source, pytest.raises(Refused, match="another site"):
            await pages(source)


async def test_a_site_whose_pages_have_no_end_is_given_up() -> None:
    page = snapshot(7, event(1), following=OLDER)
    with source_of(page, page, page) as source, pytest.raises(Refused, match="no end"):
        await pages(source)


async def test_a_page_without_events_is_the_last_one() -> None:
    with source_of(snapshot(7, following=OLDER)) as source:
        assert await pages(source) == [[]]
