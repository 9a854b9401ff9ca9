"""People found by the beginning of their names."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import Settings

from feed import people

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def found(prefix: str, limit: int = 8) -> list[str]:
    return [user.username for user in people.find(prefix, limit)]


@pytest.fixture
def everybody(alice: User) -> None:
    for name in ("ALbert", "al_x", "al%x", "bob", "Ümit", "alan"):
        User.objects.create_user(name)
    User.objects.create_user("alfred", is_active=False)


@pytest.mark.usefixtures("everybody")
def test_upper_and_lower_case_are_the_same() -> None:
    assert set(found("al")) == set(found("AL")) == {"ALbert", "al%x", "al_x", "alan", "alice"}
    assert found("ALB") == found("albert") == ["ALbert"]
    assert found("b") == ["bob"]
    assert len(found("al", 2)) == 2


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize("prefix", ["", "\0", "a\0", "%", "_", "lice", "alfred", "'", "\\", "x" * 10_000, "ß", "İ"])
def test_nobody_else_is_found(prefix: str) -> None:
    assert found(prefix) == []


@pytest.mark.usefixtures("everybody")
def test_signs_of_like_are_letters() -> None:
    assert (found("al_"), found("al%")) == (["al_x"], ["al%x"])


@pytest.mark.usefixtures("everybody")
def test_a_name_in_another_case_is_the_users() -> None:
    assert [people.called(name) for name in ("alice", "ALICE", "ali", "", "a\0")] == [
        "alice",
        "alice",
        None,
        None,
        None,
    ]


def test_the_index_of_the_unique_name_is_read(alice: User) -> None:
    User.objects.bulk_create([User(username=f"user{number}") for number in range(2000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    (query,) = [str(people._active().filter(people._begins("username", "ali"), username__istartswith="ali").explain())]
    assert "auth_user_username" in query or "sqlite_autoindex_auth_user" in query


def test_names_are_completed_for_users(as_alice: Client) -> None:
    response = as_alice.get("/people.json?q=AL")
    assert response.json() == [{"name": "alice", "url": "/people/alice/"}]
    assert sorted(response.headers["Cache-Control"].split(", ")) == ["max-age=60", "private"]
    assert as_alice.get("/people.json").json() == []
    for number in range(10):
        User.objects.create_user(f"al{number}")
    assert len(as_alice.get("/people.json?q=al").json()) == 8


def test_names_are_not_completed_for_others(client: Client, alice: User) -> None:
    response = client.get("/people.json?q=al")
    assert (response.status_code, response.json()["code"]) == (401, "log_in")


@pytest.mark.parametrize("path", ["/people.json?q=al", "/search/?q=al"])
def test_reads_are_limited(as_alice: Client, settings: Settings, path: str) -> None:
    settings.FEED_READ_LIMIT = "5/minute"
    statuses = [as_alice.get(path).status_code for _ in range(6)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert int(as_alice.get(path).headers["Retry-After"]) > 0


def test_the_search_shows_people_and_texts(as_alice: Client, hello: Any) -> None:
    html = as_alice.get("/search/?q=@ALI").content.decode()
    assert 'href="/people/alice/"' in html.split('id="events"')[0].split('id="results"')[1]
    html = as_alice.get("/search/?q=hello").content.decode()
    assert f'id="event-{hello.pk}"' in html
    assert 'value="hello"' in html


def test_a_query_is_shown_as_text(client: Client, db: None) -> None:
    html = client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in html
