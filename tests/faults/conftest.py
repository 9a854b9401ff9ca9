"""The short forms of the faults, as tests. Those of each part have a file of their own, to be run side by side."""

from collections.abc import Callable
from types import ModuleType

import pytest

from tests.databases import sqlite_database
from tests.faults.every import faults_of
from tests.faults.registry import Fault, Ground
from tests.faults.report import Row
from tests.faults.stage import play

Playing = Callable[[Fault, Ground], Row]


def short_forms(part: ModuleType) -> pytest.MarkDecorator:
    """Runs a test with each fault of a part (`fault`), on each `ground` of its short form."""
    forms = [(fault, ground) for fault in faults_of(part) for ground in fault.short]
    return pytest.mark.parametrize(("fault", "ground"), forms, ids=[fault.on_ground(ground) for fault, ground in forms])


@pytest.fixture
def play_short(redis_url: str, request: pytest.FixtureRequest) -> Playing:
    """Plays the short form of a fault, and returns its row in the table."""

    def playing(fault: Fault, ground: Ground) -> Row:
        if ground[1] == "postgresql":
            return play(fault, ground, request.getfixturevalue("postgresql_database"), redis_url, "short")
        with sqlite_database() as url:
            return play(fault, ground, url, redis_url, "short")

    return playing
