"""Search in texts, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ProjectState
from django.test import Client

from feed import search
from feed.checks_search import search_fields_are_texts, searched_kinds_have_an_index
from feed.models import Comment, Event, StatusChange
from feed.search import sqlite
from feed.search.backends import backend
from feed.search.index import Index
from feed.search.operations import SearchIndex
from feed.search.upkeep import restore_triggers
from tests.conftest import logged_in
from tests.support.audiences import leave, team
from tests.support.kinds import Announcement, Deploy, Slogan

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


def test_whoever_loses_access_while_the_search_runs_finds_nothing(
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


@pytest.fixture
def indexed_slogans() -> Iterator[None]:
    run(SearchIndex("Slogan", ["text"]), forwards=True)
    yield
    run(SearchIndex("Slogan", ["text"]), forwards=False)


def run(operation: SearchIndex, *, forwards: bool) -> None:
    state = ProjectState.from_apps(apps)
    work = operation.database_forwards if forwards else operation.database_backwards
    with connection.schema_editor(atomic=False) as editor:
        work("feed", editor, state, state)


@pytest.mark.django_db(transaction=True)
def test_the_operation_indexes_the_rows_of_another_kind_and_can_be_undone(alice: User) -> None:
    Slogan.objects.create(user=alice, text="fox one")
    assert found("fox") == []
    operation = SearchIndex("Slogan", ["text"])
    run(operation, forwards=True)
    Slogan.objects.create(user=alice, text="fox two")
    assert found("fox") == ["fox two", "fox one"]
    run(operation, forwards=False)
    assert found("fox") == []
    Slogan.objects.create(user=alice, text="fox three")  # no trigger is left
    assert operation.describe() == "Make text of Slogan searchable"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("indexed_slogans")
def test_a_kind_can_stay_out_of_the_search(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    Slogan.objects.create(user=alice, text="fox")
    Announcement.objects.create(user=alice, text="a fox")
    assert found("fox") == ["a fox", "fox"]
    for kind in (Slogan, Announcement):
        monkeypatch.setattr(kind, "search_fields", ())
    assert found("fox") == []


def test_the_checks_name_kinds_that_cannot_be_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert search_fields_are_texts(None) == []
    found = searched_kinds_have_an_index(None, ["default"])
    assert [(each.id, each.obj) for each in found] == [("feed.W021", Slogan)]
    assert searched_kinds_have_an_index(None, None) == []
    monkeypatch.setattr(Deploy, "search_fields", ("service", "took", "nothing"))
    assert [each.id for each in search_fields_are_texts(None)] == ["feed.E021", "feed.E021"]
    assert {each.obj for each in searched_kinds_have_an_index(None, ["default"])} == {Slogan, Deploy}


@pytest.mark.django_db(transaction=True)
def test_the_migration_indexes_what_was_posted_before_it(alice: User) -> None:
    call_command("migrate", "feed", "0010", verbosity=0)
    try:
        post(alice, "an old fox")
        assert found("fox") == []
    finally:
        call_command("migrate", "feed", verbosity=0)
    assert found("fox") == ["an old fox"]


needs_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite only")


@needs_sqlite
def test_without_fts5_nothing_is_found_and_a_check_says_so(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    post(alice, "fox")
    monkeypatch.setattr(sqlite, "is_supported", lambda connection: False)
    assert found("fox") == []
    assert [each.id for each in searched_kinds_have_an_index(None, ["default"])] == ["feed.W022"]
    monkeypatch.undo()
    assert backend(connection) is sqlite


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_triggers_that_a_new_table_has_lost_are_restored(alice: User) -> None:
    """Django alters a table of SQLite by making a new one."""
    post(alice, "the first fox")
    assert found("fox") == ["the first fox"]
    with connection.schema_editor() as editor:
        editor._remake_table(StatusChange)  # type: ignore[attr-defined]
    post(alice, "the second fox")
    index = Index.of(StatusChange, ["text"])
    assert sqlite.without_triggers(connection, [index]) == [index]
    assert found("fox") == []
    restore_triggers("default")
    assert found("fox") == ["the second fox", "the first fox"]


@needs_sqlite
def test_after_a_bulk_load_the_newest_are_found_at_once(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BATCH", 10)
    monkeypatch.setattr(sqlite, "MAX_SECONDS", 0.0)
    StatusChange.objects.bulk_create([StatusChange(user=alice, text=f"fox {number}") for number in range(25)])
    assert found("fox") == []
    index = Index.of(StatusChange, ["text"])
    assert sqlite._index_newest(connection, index)
    assert found("fox") == [f"fox {number}" for number in reversed(range(15, 25))]
    assert [sqlite._index_newest(connection, index) for _ in range(3)] == [True, True, False]
    assert len(found("fox")) == 25


@needs_sqlite
def test_accents_do_not_matter(alice: User) -> None:
    post(alice, "Café Müller")
    assert found("cafe muller") == found("CAFÉ") == ["Café Müller"]


def test_an_event_of_an_unknown_kind_hides_nothing(alice: User) -> None:
    post(alice, "a fox", "another fox")
    Event.rows.filter(statuschange__text="a fox").update(kind="gone")
    assert len(search.find(None, search.parse("fox"), None, 10)) == 2
