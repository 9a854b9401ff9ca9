"""Cached rows: each is rendered once until something in it changes, and is never stale."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template import engines
from django.test import Client
from pytest_django import Settings

from feed import log
from feed.frames import row_cache, rows
from feed.models import Comment, Event, StatusChange
from tests.support.kinds import Slogan

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the events whose rows were rendered."""
    ids: list[int] = []
    render = rows._rendered

    def record(templates: list[str], event: Event) -> Any:
        if event.id:  # not the row of a text that is being sent
            ids.append(event.id)
        return render(templates, event)

    monkeypatch.setattr(rows, "_rendered", record)
    return ids


def home(client: Client) -> str:
    """With an id of the request that the next page has, too."""
    return client.get("/", headers={"X-Request-ID": "the-same-request"}).content.decode()


def test_a_row_is_rendered_once_for_all_visitors(
    client: Client, as_bob: Client, alice: User, rendered: list[int], django_assert_num_queries: Any
) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    log.number()
    first = home(client)
    assert status.pk in rendered
    rendered.clear()
    with django_assert_num_queries(1):  # the state of the log, at which the page was read
        assert home(client) == first
    assert "Hello" in home(as_bob)
    assert rendered == []


def test_a_row_that_the_hub_has_rendered_is_not_rendered_again(
    client: Client, alice: User, rendered: list[int]
) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    for event in Event.objects.with_users():
        rows.render_row(event)
    rendered.clear()
    assert "Hello" in home(client)
    assert rendered == []


def test_a_row_that_is_replayed_is_rendered_once(alice: User, rendered: list[int]) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    (first,) = (rows.render_row(event) for event in StatusChange.objects.with_users())
    assert [rows.render_row(event) for event in StatusChange.objects.with_users()] == [first]
    assert rendered == [status.pk]
    StatusChange.objects.update(text="Hello again")
    (edited,) = (rows.render_row(event) for event in StatusChange.objects.with_users())
    assert "Hello again" in edited


@pytest.mark.parametrize("way", ["save", "update_fields", "query", "root query", "bulk"])
def test_an_edit_shows_at_the_next_load(client: Client, alice: User, way: str) -> None:
    status = StatusChange.objects.create(user=alice, text="before")
    assert "before" in home(client)
    status.text = "after"
    match way:
        case "save":
            status.save()
        case "update_fields":
            status.save(update_fields=["text"])
        case "query":
            StatusChange.objects.filter(pk=status.pk).update(text="after", edited_at=None)
        case "root query":
            bob = User.objects.create_user("bob")
            Event.objects.filter(pk=status.pk).update(user=bob)
        case "bulk":
            StatusChange.objects.bulk_update([status], ["text"])
    assert ('data-user="bob"' if way == "root query" else "after") in home(client)


def test_a_renamed_user_shows_at_the_next_load(client: Client, alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    assert home(client).count('data-user="alice"') == 3
    User.objects.filter(pk=alice.pk).update(username="alicia")
    assert home(client).count('data-user="alicia"') == 3


def test_a_row_that_queries_the_database_is_rendered_each_time(
    client: Client, alice: User, tmp_path: Path, settings: Settings
) -> None:
    bob = User.objects.create_user("bob")
    Slogan.objects.create(user=alice, text="Ring!", approved_by=bob)
    use_templates(settings, tmp_path, "slogan", "<article>approved by {{ event.approved_by }}</article>")
    assert "approved by bob" in home(client)
    User.objects.filter(pk=bob.pk).update(username="robert")
    assert "approved by robert" in home(client)


def test_in_debug_a_changed_template_shows_at_the_next_load(
    client: Client, alice: User, tmp_path: Path, settings: Settings
) -> None:
    settings.DEBUG = True
    StatusChange.objects.create(user=alice, text="Hello")
    use_templates(settings, tmp_path, "status_change", "<article>before: {{ event.text }}</article>")
    assert "before: Hello" in home(client)
    (tmp_path / "feed/events/status_change.html").write_text("<article>after: {{ event.text }}</article>")
    assert "after: Hello" in home(client)


def use_templates(settings: Settings, folder: Path, kind: str, text: str) -> None:
    """Look for templates in this folder first, and read them at each use, as in DEBUG."""
    (folder / "feed/events").mkdir(parents=True)
    (folder / f"feed/events/{kind}.html").write_text(text)
    (first,) = settings.TEMPLATES
    options = {**first["OPTIONS"], "loaders": settings.TEMPLATE_LOADERS}
    settings.TEMPLATES = [{**first, "DIRS": [folder, *first["DIRS"]], "OPTIONS": options}]
    assert str(engines["django"].dirs[0]) == str(folder)


def test_the_row_cache_is_bounded_in_bytes(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_cache, "_rows", type(row_cache._rows)(10_000, 60, getsizeof=len))
    for number in range(20):
        rows.render_row(StatusChange.objects.create(user=alice, text=f"{number} " + "x" * 1000))
    assert 0 < row_cache._rows.currsize <= 10_000
    large = rows.render_row(StatusChange.objects.create(user=alice, text="x" * 20_000))
    assert large.startswith("<article")
    assert f'<div class="text" dir="auto">{"x" * 20_000}</div>' in large
