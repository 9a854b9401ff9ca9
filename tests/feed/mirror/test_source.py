"""The pages of a source's snapshot. The source answers as the test says."""

from typing import Any

import pytest

from feed.client import Refused, Unavailable
from feed.mirror.source import MAX_WAITS, Source
from tests.feed.mirror.answers import answered, event, snapshot
from tests.feed.mirror.conftest import URL, Json


class Answers:
    """Answers requests of the client by what is left of these."""

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)

    async def send(self, method: str, url: str) -> Json:
        return answered(self._answers)


async def pages(source: Source) -> list[list[Json]]:
    return [page.events async for page in source.pages()]


async def test_a_site_that_asks_to_wait_is_waited_for() -> None:
    source = Source(URL)
    source._http = Answers(Unavailable("Too many.", retry_after=0.001), snapshot(7, event(1)))  # type: ignore[assignment]
    assert await pages(source) == [[event(1)]]


async def test_a_site_that_asks_to_wait_for_ever_is_given_up() -> None:
    source = Source(URL)
    source._http = Answers(*[Unavailable("Too many.", retry_after=0.001)] * MAX_WAITS)  # type: ignore[assignment]
    with pytest.raises(Unavailable, match="asked to wait"):
        await pages(source)


async def test_a_token_is_sent_to_its_site_alone() -> None:
    source = Source(URL, token="rill_secret")
    source._http = Answers(snapshot(7, event(1), following="https://evil.example/api/events/?before=1"))  # type: ignore[assignment]
    with pytest.raises(Refused, match="another site"):
        await pages(source)


async def test_a_site_whose_pages_have_no_end_is_given_up() -> None:
    page = snapshot(7, event(1), following="/api/events/?before=1")
    source = Source(URL)
    source._http = Answers(page, page, page)  # type: ignore[assignment]
    with pytest.raises(Refused, match="no end"):
        await pages(source)


async def test_a_page_without_events_is_the_last_one() -> None:
    source = Source(URL)
    source._http = Answers(snapshot(7, following="/api/events/?before=1"))  # type: ignore[assignment]
    assert await pages(source) == [[]]
