"""What concerns a person: mentions, comments on what is theirs, reactions, followers; and the bell that counts it."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed.models import Comment, Reaction, StatusChange
from profiles.bell import MAX_UNREAD, mark_read, unread
from profiles.models import Concern, Follow, ReadPosition
from tests.conftest import logged_in
from tests.feed.test_views import HTMX

pytestmark = pytest.mark.django_db


def bell(client: Client) -> int:
    (count,) = re.findall(r'id="bell"[^>]* data-count="(\d+)"', client.get("/").content.decode())
    return int(count)


def rows(client: Client) -> str:
    return client.get("/for-you/").content.decode()


def test_a_comment_concerns_the_author_of_the_post(alice: User, bob: User, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    assert "to:alice" in comment.streams()
    assert (unread(alice), unread(bob)) == (1, 0)


def test_a_reply_concerns_both_authors(alice: User, bob: User, carol: User, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    Comment.objects.create(user=carol, thread=comment, text="Me too")
    assert (unread(alice), unread(bob), unread(carol)) == (2, 1, 0)


def test_a_reaction_concerns_the_author_of_what_it_is_about(
    alice: User, bob: User, carol: User, hello: StatusChange
) -> None:
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    mark_read(alice, 1)
    Reaction.objects.create(user=carol, about=comment, emoji="👍")
    assert (unread(alice), unread(bob)) == (0, 1)


def test_following_concerns_the_followed(alice: User, bob: User) -> None:
    Follow.objects.create(user=bob, followed=alice)
    assert (unread(alice), unread(bob)) == (1, 0)


def test_a_mention_concerns_the_mentioned(alice: User, bob: User) -> None:
    StatusChange.objects.create(user=alice, text="Ask @bob, not @nobody, and `@carol`")
    assert unread(bob) == 1
    assert Concern.objects.count() == 1


def test_a_mention_that_comes_by_an_edit_counts(alice: User, bob: User, hello: StatusChange) -> None:
    hello.text = "Hello @bob"
    hello.save()
    assert unread(bob) == 1
    mark_read(bob, 1)
    hello.text = "Hello again, @bob"
    hello.save()
    assert unread(bob) == 0  # it is no news
    hello.text = "Hello"
    hello.save()
    assert not Concern.objects.exists()


@pytest.mark.parametrize("way", ["query", "bulk"])
def test_every_way_to_write_counts(alice: User, bob: User, hello: StatusChange, way: str) -> None:
    if way == "query":
        StatusChange.objects.filter(pk=hello.pk).update(text="Hello @bob")
    else:
        StatusChange.objects.bulk_create([StatusChange(user=alice, text="Hello @bob")])
    assert unread(bob) == 1


def test_nobody_concerns_themselves(alice: User, hello: StatusChange) -> None:
    Comment.objects.create(user=alice, thread=hello, text="As @alice says")
    assert not Concern.objects.exists()


def test_what_is_deleted_counts_no_more(alice: User, bob: User, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    comment.delete()
    assert unread(alice) == 0


def test_what_bob_may_not_see_does_not_count(alice: User, bob: User, as_bob: Client) -> None:
    secret = StatusChange.objects.create(user=alice, text="About @bob", audience="only:alice")
    assert (unread(bob), bell(as_bob)) == (0, 0)
    assert "About" not in rows(as_bob)
    StatusChange.objects.filter(pk=secret.pk).update(audience="public")
    assert unread(bob) == 1


def test_reading_does_not_tell_bob_that_something_hidden_mentions_him(alice: User, bob: User, as_bob: Client) -> None:
    secret = StatusChange.objects.create(user=alice, text="About @bob", audience="only:alice")
    as_bob.post("/for-you/read/")
    assert not ReadPosition.objects.exists(), "He could see that it has moved."
    StatusChange.objects.filter(pk=secret.pk).update(audience="public")
    assert unread(bob) == 1, "He has never seen it."


def test_what_is_hidden_from_bob_does_not_hide_what_is_new(alice: User, bob: User, as_bob: Client) -> None:
    StatusChange.objects.bulk_create(
        [StatusChange(user=alice, text="@bob", audience="only:alice") for _ in range(MAX_UNREAD + 1)]
    )
    assert unread(bob) == 0
    StatusChange.objects.create(user=alice, text="Hello @bob")
    assert unread(bob) == 1
    mark_read(bob, 1)
    assert unread(bob) == 0


def test_the_bell_counts_no_more_than_it_shows(alice: User, bob: User) -> None:
    StatusChange.objects.bulk_create([StatusChange(user=alice, text="@bob") for _ in range(MAX_UNREAD + 1)])
    with CaptureQueriesContext(connection) as queries:
        assert unread(bob) == MAX_UNREAD
    assert all("LIMIT" in query["sql"] for query in queries)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_alices_page_marks_nothing_of_bob_as_read(
    alice: User, bob: User, as_bob: Client, headers: dict[str, str]
) -> None:
    StatusChange.objects.create(user=alice, text="Hello @bob")
    as_bob.post("/for-you/read/", {"as": str(alice.pk)}, headers=headers)
    assert unread(bob) == 1
    as_bob.post("/for-you/read/", {"as": str(bob.pk)}, headers=headers)
    assert unread(bob) == 0


def test_opening_the_page_clears_the_bell(alice: User, as_alice: Client, bob: User, hello: StatusChange) -> None:
    Comment.objects.create(user=bob, thread=hello, text="Hi!")
    assert bell(as_alice) == 1
    assert 'hx-trigger="load' in rows(as_alice)
    answer = as_alice.post("/for-you/read/", headers=HTMX)
    assert 'data-count="0"' in answer.content.decode()
    assert (bell(as_alice), unread(alice)) == (0, 0)
    mark = ReadPosition.objects.get()
    assert (mark.user, mark.audience) == (alice, "to:alice")


def test_reading_nothing_new_changes_nothing(alice: User) -> None:
    mark_read(alice, 5)
    assert not ReadPosition.objects.exists()


def test_there_is_one_read_position_for_each_person(alice: User, bob: User, hello: StatusChange) -> None:
    for position in (3, 7):
        Comment.objects.create(user=bob, thread=hello, text="Hi!")
        mark_read(alice, position)
    assert ReadPosition.objects.get().position == 7


def test_the_page_shows_what_concerns_alice_grouped(
    alice: User, as_alice: Client, bob: User, carol: User, hello: StatusChange
) -> None:
    for user in (bob, carol):
        Comment.objects.create(user=user, thread=hello, text=f"I am {user}")
        Reaction.objects.create(user=user, about=hello, emoji="👍")
        Follow.objects.create(user=user, followed=alice)
    StatusChange.objects.create(user=bob, text="@alice, look")
    StatusChange.objects.create(user=bob, text="Something else")
    html = rows(as_alice)
    text = " ".join(re.sub("<[^>]*>", " ", html).split())
    assert "I am carol" in html
    assert "I am bob" not in html  # folded
    assert "carol and bob" in text
    assert "reacted with 👍" in text
    assert "look" in text
    assert "Something else" not in html
    assert html.count("<article") == 5


def test_an_outsider_sees_nothing_of_it(client: Client, alice: User, bob: User, hello: StatusChange) -> None:
    Comment.objects.create(user=bob, thread=hello, text="Hi!")
    assert "login" in client.get("/for-you/").headers["Location"]
    assert "login" in client.post("/for-you/read/").headers["Location"]
    assert 'id="bell"' not in client.get("/").content.decode()
    assert "<article" not in rows(logged_in(bob))
    assert client.get("/api/events/?stream=to:alice").status_code == 403
    assert unread(alice) == 1


def test_read_positions_are_private(
    client: Client, alice: User, as_bob: Client, bob: User, hello: StatusChange
) -> None:
    Comment.objects.create(user=bob, thread=hello, text="Hi!")
    mark_read(alice, 1)
    mark = ReadPosition.objects.get()
    for visitor in (client, as_bob):
        kinds = {event["kind"] for event in visitor.get("/api/events/").json()["events"]}
        assert "read_position" not in kinds
        assert visitor.get(f"/events/{mark.pk}/").status_code == 404
