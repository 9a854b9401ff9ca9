"""Folding: in a feed, one row stands for all comments of a thread, and one for all who joined on a day."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from feed import pages
from feed.models import Comment, StatusChange

pytestmark = pytest.mark.django_db


def page(client: Client, path: str = "/") -> str:
    return client.get(path).content.decode()


def rows(html: str) -> list[int]:
    return [int(key) for key in re.findall(r'<article id="event-(\d+)"', html)]


def people(*names: str) -> list[User]:
    return [User.objects.create_user(name) for name in names]


def text_of(html: str, row: int) -> str:
    (article,) = re.findall(rf'<article id="event-{row}".*?</article>', html, re.DOTALL)
    return " ".join(re.sub("<[^>]*>", "", article).split())


def test_one_row_stands_for_all_comments_of_a_thread(client: Client, hello: StatusChange) -> None:
    bob, carol, dave, erin = people("bob", "carol", "dave", "erin")
    comments = [
        Comment.objects.create(user=user, thread=hello, text=f"I am {user}") for user in (bob, carol, dave, erin)
    ]
    html = page(client)
    assert {comment.pk for comment in comments}.intersection(rows(html)) == {comments[-1].pk}
    text = text_of(html, comments[-1].pk)
    assert "erin, dave and 2 others commented" in text
    assert "alice Hello" in text  # what it is about
    assert "I am erin" in text


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["bob"], "bob commented"),
        (["bob", "bob"], "bob commented"),
        (["bob", "carol"], "carol and bob commented"),
        (["bob", "carol", "dave"], "dave, carol and bob commented"),
    ],
)
def test_the_row_names_those_who_commented(client: Client, hello: StatusChange, names: list[str], shown: str) -> None:
    for name in names:
        user, _ = User.objects.get_or_create(username=name)
        newest = Comment.objects.create(user=user, thread=hello, text="Hi!")
    assert shown in text_of(page(client), newest.pk)


def test_a_busy_thread_leaves_room_for_others(client: Client, alice: User, hello: StatusChange) -> None:
    others = [StatusChange.objects.create(user=alice, text=f"Post {number}") for number in range(10)]
    Comment.objects.bulk_create([Comment(user=alice, thread=hello, text="More") for _ in range(150)])
    assert {post.pk for post in others} < set(rows(page(client)))


def test_pages_of_folded_rows_show_every_post_once(client: Client, alice: User) -> None:
    posts = [StatusChange.objects.create(user=alice, text=f"Post {number}") for number in range(2 * pages.SIZE)]
    for post in posts[::7]:
        Comment.objects.bulk_create([Comment(user=alice, thread=post, text="More") for _ in range(40)])
    seen, path = list[int](), "/"
    for _ in range(50):
        html = page(client, path)
        seen += rows(html)
        found = re.search(r'href="(\?before=\d+)"', html)
        if found is None:
            break
        path = f"/{found[1]}"
    shown = [key for key in seen if key in {post.pk for post in posts}]
    assert sorted(shown) == [post.pk for post in posts]


def test_a_thread_shows_each_comment(client: Client, alice: User, hello: StatusChange) -> None:
    comments = [Comment.objects.create(user=alice, thread=hello, text="Hi!") for _ in range(3)]
    assert rows(page(client, f"/events/{hello.pk}/")) == [hello.pk, *(comment.pk for comment in comments)]


def test_people_who_join_on_one_day_share_a_row(client: Client, alice: User) -> None:
    *_, erin = people("bob", "carol", "dave", "erin")
    (row,) = rows(page(client))
    assert erin.feed_events.get().pk == row
    assert "erin, dave and 3 others joined" in text_of(page(client), row)


def test_another_day_has_a_row_of_its_own(client: Client, alice: User) -> None:
    first = alice.feed_events.get()
    first.created_at -= timedelta(days=1)
    first.save()
    people("bob", "carol")
    assert len(rows(page(client))) == 2


def test_a_row_quotes_nothing_that_its_reader_may_not_see(client: Client, alice: User, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=alice, thread=hello, text="Hi!")
    # As if the thread had been moved since the comment was read.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE feed_event SET audience = 'only:alice' WHERE id = %s", [hello.pk])
    assert comment.pk in rows(page(client))
    assert "Hello" not in page(client)


def test_the_count_of_a_row_has_a_bound(
    client: Client, alice: User, hello: StatusChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.frames.tallies.MAX_COMMENTS", 3)
    Comment.objects.bulk_create([Comment(user=alice, thread=hello, text="More") for _ in range(5)])
    assert "3+ comments" in text_of(page(client), hello.pk)
