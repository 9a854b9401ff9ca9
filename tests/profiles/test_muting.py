"""Muting people and threads."""

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from feed import pages
from feed.log import Change
from feed.models import Comment, Reaction, StatusChange
from feed.muted import Muted
from profiles.bell import unread
from profiles.models import Follow
from profiles.mute import Mute
from profiles.muting import mute, muted, unmute
from tests.conftest import logged_in

pytestmark = pytest.mark.django_db


def rows(client: Client, path: str = "/") -> list[int]:
    return [int(key) for key in re.findall(r'<article id="event-(\d+)"', client.get(path).content.decode())]


def carried(client: Client, path: str) -> Any:
    found = re.findall(r'data-muted="([^"]*)"', client.get(path).content.decode())
    return json.loads(html.unescape(found[0])) if found else None


def test_a_muted_person_is_left_out_of_bobs_pages(alice: User, bob: User, as_bob: Client, hello: StatusChange) -> None:
    Follow.objects.create(user=bob, followed=alice)
    paths = ("/", "/?stream=home", "/?stream=kind:status_change", "/?stream=user:alice&kinds=status_change")
    for path in paths:
        assert hello.pk in rows(as_bob, path)
    mute(bob, person=alice)
    for path in paths:
        assert hello.pk not in rows(as_bob, path)
        assert carried(as_bob, path) == {"people": ["alice"], "threads": []}


def test_the_person_the_thread_and_the_search_still_show_it(
    alice: User, bob: User, as_bob: Client, hello: StatusChange
) -> None:
    mute(bob, person=alice)
    mute(bob, thread=hello)
    for path in ("/people/alice/", f"/events/{hello.pk}/", "/search/?q=hello"):
        assert hello.pk in rows(as_bob, path)
        assert carried(as_bob, path) is None


def test_nobody_else_is_concerned(
    client: Client, alice: User, as_alice: Client, bob: User, hello: StatusChange
) -> None:
    mute(bob, person=alice)
    for each in (client, as_alice):
        assert hello.pk in rows(each)
        assert "data-muted" not in each.get("/").content.decode()


def test_a_muted_thread_is_left_out_with_its_comments(
    alice: User, bob: User, as_bob: Client, carol: User, hello: StatusChange
) -> None:
    comment = Comment.objects.create(user=carol, thread=hello, text="Hi!")
    assert {comment.pk, hello.pk} <= set(rows(as_bob))
    mute(bob, thread=hello)
    assert {comment.pk, hello.pk}.isdisjoint(rows(as_bob))
    unmute(bob, thread=hello)
    assert {comment.pk, hello.pk} <= set(rows(as_bob))


def test_the_latest_comment_that_is_not_muted_stands_for_a_thread(
    alice: User, bob: User, as_bob: Client, carol: User, hello: StatusChange
) -> None:
    first = Comment.objects.create(user=carol, thread=hello, text="Hi!")
    second = Comment.objects.create(user=alice, thread=hello, text="Me")
    assert second.pk in rows(as_bob)
    mute(bob, person=alice)
    assert first.pk in rows(as_bob)


def test_a_page_is_filled_although_much_is_muted(
    alice: User, bob: User, as_bob: Client, carol: User, django_assert_max_num_queries: Any
) -> None:
    mine = [StatusChange.objects.create(user=carol, text=str(number)) for number in range(40)]
    StatusChange.objects.bulk_create([StatusChange(user=alice, text="Again") for _ in range(150)])
    mute(bob, person=alice)
    rows(as_bob)
    with django_assert_max_num_queries(8 + 2 + 2):
        assert rows(as_bob) == [each.pk for each in mine[::-1]][: pages.SIZE]


def test_a_page_looks_at_so_many_events_and_leads_to_the_older_ones(alice: User, bob: User, as_bob: Client) -> None:
    first = StatusChange.objects.create(user=bob, text="First")
    StatusChange.objects.bulk_create([StatusChange(user=alice, text="Again") for _ in range(900)])
    mute(bob, person=alice)
    page = as_bob.get("/").content.decode()
    assert "<article" not in page
    seen = list[int]()
    while older := re.findall(r'id="older" href="([^"]*)"', page):
        page = as_bob.get("/" + html.unescape(older[0])).content.decode()
        seen += [int(key) for key in re.findall(r'<article id="event-(\d+)"', page)]
    assert first.pk in seen


def test_what_is_muted_does_not_ring_the_bell(alice: User, bob: User, carol: User, hello: StatusChange) -> None:
    as_alice = logged_in(alice)
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    reaction = Reaction.objects.create(user=bob, about=comment, emoji="👍")
    Comment.objects.create(user=carol, thread=hello, text="Hi, too!")
    assert unread(alice) == 2
    mute(alice, person=bob)
    assert unread(alice) == 1
    mute(alice, thread=hello)
    assert unread(alice) == 0
    assert rows(as_alice, "/for-you/") == []
    Reaction.objects.create(user=carol, about=Comment.objects.create(user=alice, thread=hello, text="Me"), emoji="👍")
    assert unread(alice) == 0
    assert rows(as_alice, "/for-you/") == []
    unmute(alice, person=bob)
    unmute(alice, thread=hello)
    assert unread(alice) == 3
    assert reaction.pk not in rows(as_alice)  # it is quiet there
    assert len(rows(as_alice, "/for-you/")) == 2


def test_an_event_of_nobody_rings_although_somebody_is_muted(alice: User, bob: User, hello: StatusChange) -> None:
    mute(alice, person=bob)
    StatusChange.objects.create(user=None, text="Welcome @alice")
    assert unread(alice) == 1


def test_muting_makes_every_page_of_bob_load_anew_and_nobody_elses(alice: User, bob: User) -> None:
    Change.objects.all().delete()
    mute(bob, person=alice)
    mute(bob, person=alice)
    (change,) = Change.objects.all()
    assert (change.action, change.streams) == ("access", [str(bob.pk)])
    unmute(bob, person=alice)
    unmute(bob, person=alice)
    assert Change.objects.count() == 2


def test_it_is_one_of_both_and_once(alice: User, bob: User, hello: StatusChange) -> None:
    mute(bob, person=alice)
    for wrong in ({}, {"person": alice, "thread": hello}, {"person": bob}, {"person": alice}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Mute.objects.create(user=bob, **wrong)
    with pytest.raises(ValidationError):
        mute(bob, person=bob)


def test_there_is_a_limit(alice: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profiles.muting.MAX_MUTED", 1)
    mute(bob, person=alice)
    mute(bob, person=alice)
    with pytest.raises(ValidationError, match="Nobody can mute more"):
        mute(bob, person=carol)


def test_it_goes_with_what_it_is_about(alice: User, bob: User, hello: StatusChange) -> None:
    mute(bob, person=alice)
    mute(bob, thread=hello)
    assert muted(bob) == Muted({str(alice.pk): "alice"}, frozenset([hello.pk]))
    alice.delete()
    assert not muted(bob)
