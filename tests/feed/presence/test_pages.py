"""The count that a page has from the start."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed.checks_presence import presence_is_known
from feed.presence.board import Board
from feed.presence.people import People
from feed.presence.table import Presence

pytestmark = pytest.mark.django_db


def page(client: Client, path: str = "/") -> str:
    return client.get(path).content.decode()


def test_a_page_counts_its_own_reader(client: Client, as_alice: Client, alice: User) -> None:
    Board().exchange(People(frozenset({str(alice.pk)})))
    assert "1 watching" in page(as_alice)
    assert "2 watching" in page(client)
    assert ">alice</a>" in page(client)


def test_a_page_asks_the_database_seldom(client: Client) -> None:
    page(client)
    Presence.objects.create(hub="unseen", version=1, people=People(others=5).as_json())
    assert "1 watching" in page(client)


@pytest.mark.parametrize(("mode", "shown"), [("count", "watching-count"), ("off", ""), ("names", "watching-people")])
def test_a_project_says_how_much_is_shown(client: Client, settings: Settings, mode: str, shown: str) -> None:
    settings.FEED_PRESENCE = mode
    assert (" watching<" in page(client)) is bool(shown)
    assert shown in page(client)
    assert ("watching-people" in page(client)) is (mode == "names")
    assert presence_is_known(None) == []


def test_an_unknown_mode_is_an_error(settings: Settings) -> None:
    settings.FEED_PRESENCE = "name"
    (error,) = presence_is_known(None)
    assert error.id == "feed.E013"


def test_twenty_are_named_and_the_rest_is_a_number(client: Client) -> None:
    users = [User.objects.create_user(f"user{number:02}") for number in range(22)]
    Board().exchange(People(frozenset(str(user.pk) for user in users)))
    shown = page(client)
    assert "23 watching" in shown
    assert "and 3 others" in shown


def test_a_user_opts_out_in_the_profile(client: Client, as_alice: Client, alice: User) -> None:
    assert 'name="show_presence"' in page(as_alice, "/profile/")
    as_alice.post("/profile/", {"bio": "Hello"})
    Board().exchange(People(frozenset({str(alice.pk)})))
    shown = page(client)
    assert "2 watching" in shown
    assert 'class="face"' not in shown
