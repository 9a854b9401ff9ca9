"""The index of the search: its migrations and checks, and how it is kept."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ProjectState

from feed import search
from feed.checks_search import search_fields_are_texts, searched_kinds_have_an_index
from feed.models import Event, StatusChange
from feed.search import sqlite
from feed.search.backends import backend
from feed.search.index import Index
from feed.search.operations import SearchIndex
from feed.search.upkeep import restore_triggers
from tests.feed.test_search import found, post
from tests.support.kinds import Announcement, Deploy, Slogan

pytestmark = [pytest.mark.django_db, pytest.mark.database]


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
