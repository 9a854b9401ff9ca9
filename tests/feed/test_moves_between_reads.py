"""An event is moved out of sight after its row was read, and before the fields of its kind are read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from feed.models import Event, StatusChange

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PATHS = ["/", "/events/{pk}/", "/people/alice/", "/api/events/", "/api/events/?stream=user:alice"]


def moved_before_its_kind_is_read(event: StatusChange) -> Any:
    is_moved = False

    def move_first(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal is_moved
        if not is_moved and 'FROM "feed_statuschange"' in sql:
            is_moved = True
            StatusChange.objects.filter(pk=event.pk).update(audience="only:alice", text="Secret")
        return execute(sql, *rest)

    return connection.execute_wrapper(move_first)


@pytest.mark.parametrize("path", PATHS)
def test_no_page_shows_what_it_says_now(hello: StatusChange, path: str) -> None:
    with moved_before_its_kind_is_read(hello):
        content = Client().get(path.format(pk=hello.pk)).content.decode()
    hello.refresh_from_db()
    assert hello.text == "Secret", "It was moved meanwhile."
    assert "Secret" not in content


@pytest.mark.parametrize("fields", [["id"], ["kind"], ["created_at", "audience"]])
def test_no_queryset_shows_it_whatever_it_loads(hello: StatusChange, fields: list[str]) -> None:
    with moved_before_its_kind_is_read(hello):
        (event,) = Event.objects.visible_to(None).only(*fields).filter(pk=hello.pk)
    assert type(event) is Event
