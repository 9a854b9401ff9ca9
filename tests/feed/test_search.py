"""Search in texts, on both databases."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed import search
from feed.models import Comment, StatusChange
from tests.conftest import logged_in
from tests.support.audiences import leave, team
from tests.support.kinds import Announcement

pytestmark = [pytest.mark.django_db, pytest.mark.database]

HOSTILE = [
    "", " ", '"', '""', '"""', "''", "'", "\\", "*", "a*", "(", ")", "NEAR(", "a NEAR/3 b", "a AND", "OR", "NOT", "-a",
    "^a", "text:a", "{text}:a", "a:*", "a & b", "!a", "a | b", "<->", "%", "_", "a\0b", "\0", "\ud800", "x" * 10_000,
    "a " * 5_000, '"' * 500, "'; DROP TABLE feed_event; --", "☃", "😀", "\u0301", "İ", "ß", "٣", "\u202e", "%s", "{0}",
]  # fmt: skip


def found(query: str, user: object = None, before: int | None = None, size: int = 30) -> list[str]:
    """The texts of what the user finds."""
    rows = search.find(user, search.parse(query), before, size)
    return [event.in_own_kind().text for event in rows]


def post(user: User, *texts: str) -> None:
    for text in texts:
        StatusChange.objects.create(user=user, text=text)


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("brown", ["the brown fox"]),
        ("BROWN", ["the brown fox"]),
        ("fox the", ["the brown fox", "a fox, the red"]),
        ("fo", ["the brown fox", "a fox, the red"]),
        ("fo the", []),
        ('"brown fox"', ["the brown fox"]),
        ('"fox brown"', []),
        ('"brown fo"', []),
        ('red "a fox', ["a fox, the red"]),
        ("brown OR red", []),
        ("lazy", []),
    ],
)
def test_words_are_found(alice: User, query: str, texts: list[str]) -> None:
    post(alice, "a fox, the red", "the brown fox")
    assert found(query) == texts


def test_comments_and_derived_kinds_are_found_newest_first(alice: User, hello: StatusChange) -> None:
    Comment.objects.create(user=alice, thread=hello, text="Hello, too")
    Announcement.objects.create(user=alice, text="Hello, all")
    post(alice, "Goodbye")
    assert found("hello") == ["Hello, all", "Hello, too", "Hello"]


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_queries_never_fail(alice: User, client: Client, query: str) -> None:
    post(alice, "the brown fox")
    assert found(query) in ([], ["the brown fox"])
    if "\ud800" not in query:
        assert client.get("/search/", {"q": query}).status_code == 200


def test_hostile_texts_can_be_saved_and_found(alice: User) -> None:
    texts = ["'; DROP TABLE feed_event; -- needle", '" OR needle', "needle " * 100_000, "needle " + "x" * 100_000]
    post(alice, *texts, "needle " + " ".join(f"word{number}" for number in range(200_000)))
    assert len(found("needle")) == 5


def test_the_index_follows_every_kind_of_write(alice: User) -> None:
    def check(*texts: str) -> None:
        """Also after what waits has been indexed."""
        for _ in range(2):
            assert sorted(found("fox")) == sorted(texts)

    one = StatusChange.objects.create(user=alice, text="fox")
    check("fox")
    one.text = "hare"
    one.save()
    check()
    StatusChange.objects.filter(pk=one.pk).update(text="red fox")
    check("red fox")
    StatusChange.objects.bulk_create([StatusChange(user=alice, text=f"fox {number}") for number in range(3)])
    check("red fox", "fox 0", "fox 1", "fox 2")
    Comment.objects.create(user=alice, thread=one, text="what a fox")
    one.delete()  # with its comments
    check("fox 0", "fox 1", "fox 2")
    StatusChange.objects.filter(text="fox 1").delete()
    check("fox 0", "fox 2")
    StatusChange.objects.create(user=alice, text="fox, changed and deleted before anybody searched")
    StatusChange.objects.filter(text__startswith="fox, changed").update(text="fox, again")
    StatusChange.objects.filter(text="fox, again").delete()
    check("fox 0", "fox 2")
    alice.delete()
    check()


def test_more_than_a_page_is_found_page_by_page(alice: User, client: Client) -> None:
    post(alice, *(f"fox {number}" for number in range(35)))
    first = found("fox")
    assert first == [f"fox {number}" for number in reversed(range(5, 35))]
    last = StatusChange.objects.get(text="fox 5")
    assert found("fox", before=last.pk) == [f"fox {number}" for number in reversed(range(5))]
    assert f'href="?q=fox&amp;before={last.pk}"' in client.get("/search/?q=fox").content.decode()
    older = client.get(f"/search/?q=fox&before={last.pk}").content.decode()
    assert older.count("<article") == 5


@pytest.mark.parametrize("query", ["fox", '"secret fox"', "secre"])
def test_an_outsider_finds_no_private_event(alice: User, client: Client, teams: None, query: str) -> None:
    member, outsider = User.objects.create_user("member"), User.objects.create_user("outsider")
    audience = team(alice, member)
    secret = StatusChange.objects.create(user=alice, text="the secret fox", audience=audience)
    Comment.objects.create(user=alice, thread=secret, text="a secret fox is a comment")
    for user in (alice, member):
        assert len(found(query, user)) == 2
    assert found(query, outsider) == found(query, None) == []
    for visitor in (logged_in(outsider), client):
        page = visitor.get("/search/", {"q": query}).content.decode()
        assert "Nothing has these words." in page
        assert "<article" not in page
    leave(member)
    assert found(query, User.objects.get(pk=member.pk)) == []


def test_a_user_who_loses_access_while_the_search_runs_finds_nothing(
    alice: User, teams: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = User.objects.create_user("member")
    StatusChange.objects.create(user=alice, text="the secret fox", audience=team(alice, member))
    run, calls = search.finding._newest, list[object]()

    def leave_meanwhile(*arguments: Any) -> Any:
        rows = run(*arguments)
        calls.append(rows)
        if len(calls) == 1:
            assert len(rows) == 1
            leave(member)
        return rows

    monkeypatch.setattr(search.finding, "_newest", leave_meanwhile)
    assert found("fox", User.objects.get(pk=member.pk)) == []
    assert len(calls) == 2


def test_a_search_takes_the_same_queries_for_any_number_of_events(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        post(alice, *["fox"] * (10**number))
        found("fox")  # indexes what waits
        with django_assert_max_num_queries(6):
            assert search.find(None, search.parse("fox"), None, 30)


def test_saving_takes_no_more_queries_than_without_an_index(alice: User, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8) as queries:
        post(alice, "fox")
    assert not [query for query in queries.captured_queries if "search" in query["sql"]]
