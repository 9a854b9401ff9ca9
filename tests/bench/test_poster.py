"""The poster saves events, and returns the times of their commits."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.events import text_of
from bench.peers import Poster
from bench.peers.databases import environment_of
from bench.peers.peer import Plan
from tests.support.databases import sqlite_database


@pytest.fixture
def database() -> Iterator[str]:
    with sqlite_database() as url:
        yield url


def poster(database_url: str, folder: Path, settings: str = "project.settings") -> Poster:
    return Poster(Plan([], ["rill"], environment_of(database_url, settings)), folder / "poster.log")


def texts(database_url: str) -> list[str]:
    connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
    found = connection.execute("SELECT text FROM feed_statuschange ORDER BY event_ptr_id").fetchall()
    connection.close()
    return [text for (text,) in found]


def test_the_poster_returns_the_times_of_its_commits_in_order(database: str, tmp_path: Path) -> None:
    with poster(database, tmp_path) as running:
        began = time.monotonic_ns()
        burst = running.burst(0, 3)
        stream = running.stream(3, 2)
        paced = running.stream(5, 3, per_second=100)
        ended = time.monotonic_ns()
    assert burst == [burst[0]] * 3, "A burst is one transaction."
    assert began < burst[0] < stream[0] < stream[1] < paced[0] < paced[1] < paced[2] < ended
    assert texts(database) == [text_of(mark) for mark in range(8)]


def test_a_poster_that_fails_raises_its_error(tmp_path: Path) -> None:
    with (
        poster("sqlite:///none", tmp_path, settings="nowhere") as running,
        pytest.raises(RuntimeError, match="No module named 'nowhere'"),
    ):
        running.burst(0, 1)
