"""Counts and names beside a row tell nobody of what they may not see: after moves, in replays and between two reads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from feed import log, pages
from feed.frames.context import add_context_at
from feed.models import Comment, Event, Reaction, StatusChange
from feed.testing import FeedWatcher
from profiles.models import ProfileChange, Welcome
from tests.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Connect = Callable[..., FeedWatcher]
THUMB = "👍"


def hide(event: Event) -> None:
    """Alice alone sees it from now on."""
    type(event).objects.filter(pk=event.pk).update(audience="only:alice")


def say(thread: Event, user: User, count: int) -> None:
    for _ in range(count):
        Comment.objects.create(user=user, thread=thread, text="Secret")


def before_it_reads(table: str, do: Callable[[], object]) -> Any:
    """Do this before the first query of the table."""
    is_done = False

    def do_first(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal is_done
        if not is_done and table in sql and sql.lstrip().startswith("SELECT"):
            is_done = True
            do()
        return execute(sql, *rest)

    return connection.execute_wrapper(do_first)


@pytest.mark.parametrize("is_replayed", [True, False], ids=["replayed", "live"])
def test_bob_is_not_told_how_much_is_said_in_a_thread_that_is_hidden_now(
    alice: User, bob: User, hello: StatusChange, feed_watcher: Connect, is_replayed: bool
) -> None:
    start = log.number().head
    watcher = None if is_replayed else feed_watcher(bob, format="html")
    Comment.objects.create(user=bob, thread=hello, text="Hi!")
    hide(hello)
    say(hello, alice, 6)
    Reaction.objects.create(user=alice, about=hello, emoji=THUMB)
    told = (watcher or feed_watcher(bob, after=start, format="html")).html()
    assert f"event-{hello.pk}" in told, "He is told that it is gone."
    assert "comments</span>" not in told
    assert THUMB not in told
    assert '<span class="number">7' in feed_watcher(alice, after=start, format="html").html()


def test_bob_is_told_how_much_is_said_in_the_thread_that_a_comment_leaves(
    alice: User, bob: User, hello: StatusChange, feed_watcher: Connect
) -> None:
    secret = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    say(hello, alice, 2)
    comment = Comment.objects.create(user=alice, thread=hello, text="Hi!")
    watcher = feed_watcher(bob, format="html")
    Comment.objects.filter(pk=comment.pk).update(thread=secret)
    told = watcher.html()
    assert f'id="tally-{hello.pk}"' in told
    assert '<span class="number">2' in told
    assert f"tally-{secret.pk}" not in told


@pytest.mark.parametrize("path", ["/", "/events/{pk}/", "/people/alice/"])
def test_no_page_counts_what_is_said_after_it_is_hidden(alice: User, hello: StatusChange, path: str) -> None:
    def hide_and_say() -> None:
        hide(hello)
        say(hello, alice, 7)

    with before_it_reads("AS few", hide_and_say):
        html = Client().get(path.format(pk=hello.pk)).content.decode()
    assert Comment.objects.count() == 7, "It was hidden meanwhile."
    assert f'id="event-{hello.pk}"' in html
    assert '<span class="number">7' not in html


def test_no_row_names_who_commented_before_it_was_hidden(alice: User, hello: StatusChange) -> None:
    dave = User.objects.create_user("dave")
    secret = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    hidden = Comment.objects.create(user=dave, thread=secret, text="Secret")
    shown = Comment.objects.create(user=alice, thread=hello, text="Hi!")
    Welcome.objects.all().delete()

    def hide_and_join() -> None:
        hide(hello)
        Comment.objects.filter(pk=hidden.pk).update(thread=hello)

    with before_it_reads("LIMIT 20", hide_and_join):
        html = Client().get("/").content.decode()
    hidden.refresh_from_db()
    assert hidden.thread_id == hello.pk, "It was moved meanwhile."
    assert f'id="event-{shown.pk}"' in html
    assert "dave" not in html


@pytest.mark.parametrize("way", ["page", "frame"])
def test_a_row_for_all_who_joined_today_does_not_name_whom_its_reader_may_not_see(
    alice: User, bob: User, feed_watcher: Connect, way: str
) -> None:
    watcher = feed_watcher(None, format="html")
    dave = User.objects.create_user("dave")
    hide(dave.feed_events.get())
    User.objects.create_user("erin")
    shown = watcher.html() if way == "frame" else Client().get("/").content.decode()
    assert "erin" in shown
    assert "dave" not in shown
    assert "bob" in shown


def test_what_is_read_while_a_thread_is_hidden_is_not_cached_for_all(alice: User, hello: StatusChange) -> None:
    hide(hello)
    comment = Comment.objects.create(user=alice, thread=hello, text="Hi!")
    StatusChange.objects.filter(pk=hello.pk).update(text="Secret")
    state = log.number()
    add_context_at(state, [Comment.objects.get(pk=comment.pk)], folds=True)
    # After the state was read for another page, and before its events are.
    StatusChange.objects.filter(pk=hello.pk).update(text="Harmless")
    StatusChange.objects.filter(pk=hello.pk).update(audience="public")
    page = pages.Page(state, [Comment.objects.get(pk=comment.pk)], folds=True)
    row = page.rows()
    assert "Harmless" in row
    assert "Secret" not in row


def test_bob_is_not_sent_what_a_quiet_event_shows_once_it_is_hidden(
    alice: User, bob: User, feed_watcher: Connect
) -> None:
    change = ProfileChange.objects.create(user=alice)
    watcher = feed_watcher(bob, streams=["user:alice"], format="html")
    hide(change)
    alice.profile.bio = "A secret"
    alice.profile.save()
    assert "A secret" not in watcher.html()


def test_the_answered_comment_is_not_named_once_it_is_hidden(alice: User, hello: StatusChange) -> None:
    dave = User.objects.create_user("dave")
    comment = Comment.objects.create(user=dave, thread=hello, text="Hi!")
    hide(hello)
    client = logged_in(User.objects.create_user("carol"))
    assert client.get(f"/events/{hello.pk}/?reply={comment.pk}").status_code == 404
    StatusChange.objects.filter(pk=hello.pk).update(audience="public")
    with before_it_reads('"feed_comment"."thread_id" =', lambda: hide(hello)):
        html = client.get(f"/events/{hello.pk}/?reply={comment.pk}").content.decode()
    assert "Replying to dave" not in html
