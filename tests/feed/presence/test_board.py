"""What hubs tell each other about who is watching."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from feed.expiring import EXPIRY
from feed.presence import board
from feed.presence.board import Board, Reader
from feed.presence.people import People
from feed.presence.table import Presence

pytestmark = [pytest.mark.django_db, pytest.mark.database]
ALICE, BOB = People(frozenset({"alice"})), People(frozenset({"bob"}))


@pytest.fixture
def one() -> Board:
    return Board()


@pytest.fixture
def two() -> Board:
    return Board()


def let_pass(hub: Board, seconds: float) -> None:
    """As if the hub had been silent for so long, by the database's clock."""
    passed = F("seen_at") - timedelta(seconds=seconds)
    assert Presence.objects.filter(hub=hub.hub).update(seen_at=passed) == 1


def test_hubs_see_each_others_people(one: Board, two: Board) -> None:
    assert one.exchange(ALICE) == ALICE
    assert len(two.exchange(BOB)) == 2
    assert len(one.exchange(ALICE)) == len(Reader().read()) == 2


def test_tabs_of_one_person_in_two_processes_count_once(one: Board, two: Board) -> None:
    one.exchange(ALICE)
    assert two.exchange(ALICE) == ALICE


def test_a_change_reaches_the_others(one: Board, two: Board) -> None:
    one.exchange(ALICE)
    two.exchange(BOB)
    one.exchange(People(frozenset({"alice", "charlie"})))
    assert len(two.exchange(BOB)) == 3


def test_a_hub_that_is_silent_is_forgotten_and_its_row_deleted(one: Board, two: Board) -> None:
    one.exchange(ALICE)
    let_pass(one, EXPIRY - 5)
    assert len(two.exchange(BOB)) == 2
    let_pass(one, 6)
    assert len(Reader().read()) == 1
    assert two.exchange(BOB) == BOB
    assert Presence.objects.get().hub == two.hub


def test_a_hub_that_was_frozen_comes_back(one: Board, two: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "RENEW", 0)
    one.exchange(ALICE)
    let_pass(one, EXPIRY + 1)
    assert two.exchange(BOB) == BOB
    one.exchange(ALICE)
    assert len(two.exchange(BOB)) == 2


def test_a_hub_renews_its_row(one: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "RENEW", 0)
    one.exchange(ALICE)
    let_pass(one, EXPIRY + 1)
    one.exchange(ALICE)
    assert Reader().read() == ALICE
    assert Presence.objects.get().version == 1


def test_a_hub_through_which_nobody_watches_has_no_row_and_makes_no_query(
    one: Board, django_assert_num_queries: Any
) -> None:
    one.exchange(ALICE)
    one.exchange(People())
    assert not Presence.objects.exists()
    with django_assert_num_queries(0):
        one.exchange(People())


def test_when_nothing_changes_a_look_is_one_query(one: Board, two: Board, django_assert_num_queries: Any) -> None:
    one.exchange(ALICE)
    two.exchange(BOB)
    one.exchange(ALICE)
    with django_assert_num_queries(1):
        assert len(one.exchange(ALICE)) == 2
