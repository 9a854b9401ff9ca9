"""One conversation a root: a reply belongs to the thread of its comment."""

from importlib import import_module
from itertools import pairwise

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from feed.models import Comment, Event, StatusChange
from feed.views import THREAD_SIZE

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment(bob: User, hello: StatusChange) -> Comment:
    comment: Comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    return comment


@pytest.fixture
def reply(alice: User, comment: Comment) -> Comment:
    reply: Comment = Comment.objects.create(user=alice, thread=comment, text="And you?")
    return reply


def place(comment: Comment) -> tuple[int, int | None]:
    comment.refresh_from_db()
    return comment.thread_id, comment.reply_to_id


def test_a_comment_on_a_comment_is_a_reply_in_the_same_thread(
    hello: StatusChange, comment: Comment, reply: Comment
) -> None:
    assert place(comment) == (hello.pk, None)
    assert place(reply) == (hello.pk, comment.pk)
    assert {f"thread:{hello.pk}", f"thread:{comment.pk}"} < set(reply.streams())


def test_a_reply_to_a_reply_stays_in_the_thread(bob: User, hello: StatusChange, reply: Comment) -> None:
    assert place(Comment.objects.create(user=bob, thread=reply, text="Well.")) == (hello.pk, reply.pk)


@pytest.mark.parametrize("way", ["save", "save the field", "query", "bulk"])
def test_every_way_to_write_keeps_the_conversation_flat(
    bob: User, hello: StatusChange, comment: Comment, way: str
) -> None:
    elsewhere = StatusChange.objects.create(user=bob, text="Elsewhere")
    moved = Comment.objects.create(user=bob, thread=elsewhere, text="Moved")
    match way:
        case "save":
            moved.thread = comment
            moved.save()
        case "save the field":
            moved.thread = comment
            moved.save(update_fields=["thread"])
        case "query":
            Comment.objects.filter(pk=moved.pk).update(thread=comment)
        case "bulk":
            (moved,) = Comment.objects.bulk_create([Comment(user=bob, thread=comment, text="Moved")])
    assert place(moved) == (hello.pk, comment.pk)


def test_a_reply_outlives_the_comment_that_it_answers(hello: StatusChange, comment: Comment, reply: Comment) -> None:
    comment.delete()
    assert Comment.objects.get() == reply
    hello.delete()
    assert not Comment.objects.exists()


def test_bob_replies_on_the_page(as_bob: Client, hello: StatusChange, comment: Comment) -> None:
    page = as_bob.get(f"/events/{hello.pk}/?reply={comment.pk}").content.decode()
    assert f'action="/events/{comment.pk}/comments/"' in page
    assert "Replying to bob" in page
    answer = as_bob.post(f"/events/{comment.pk}/comments/", {"text": "To myself"})
    assert answer.headers["Location"] == f"/events/{hello.pk}/"
    assert place(Comment.objects.get(text="To myself")) == (hello.pk, comment.pk)
    assert "replied to bob" in as_bob.get(f"/events/{hello.pk}/").content.decode()


def test_a_form_answers_only_what_is_in_the_thread(as_bob: Client, bob: User, hello: StatusChange) -> None:
    other = Comment.objects.create(user=bob, thread=StatusChange.objects.create(user=bob, text="Other"), text="Far")
    for reply in (other.pk, 10**17, "x", ""):
        assert (
            f'action="/events/{hello.pk}/comments/"'
            in as_bob.get(f"/events/{hello.pk}/?reply={reply}").content.decode()
        )


def test_the_link_of_a_comment_leads_to_its_place_in_the_thread(
    client: Client, hello: StatusChange, comment: Comment
) -> None:
    response = client.get(f"/events/{comment.pk}/")
    assert (response.status_code, response.headers["Location"]) == (302, f"/events/{hello.pk}/#event-{comment.pk}")


def test_without_scripts_a_link_leads_to_the_answer(as_bob: Client, hello: StatusChange, comment: Comment) -> None:
    response = as_bob.get(f"/events/{comment.pk}/?answer")
    assert response.headers["Location"] == f"/events/{hello.pk}/?reply={comment.pk}#compose"


def test_the_link_of_an_early_comment_leads_to_the_page_that_shows_it(
    client: Client, bob: User, hello: StatusChange, comment: Comment
) -> None:
    Comment.objects.bulk_create([Comment(user=bob, thread=hello, text="more") for _ in range(2 * THREAD_SIZE)])
    url, _, marked = client.get(f"/events/{comment.pk}/").headers["Location"].partition("#")
    assert f'id="{marked}"' in client.get(url).content.decode()
    assert f'id="{marked}"' not in client.get(f"/events/{hello.pk}/").content.decode()


def test_the_link_of_a_private_comment_tells_an_outsider_nothing(
    client: Client, bob: User, hello: StatusChange
) -> None:
    StatusChange.objects.filter(pk=hello.pk).update(audience="only:alice")
    comment = Comment.objects.create(user=bob, thread=hello, text="Secret")
    assert client.get(f"/events/{comment.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_old_conversations_flat(alice: User) -> None:
    root = StatusChange.objects.create(user=alice, text="Root")
    chain: list[Event] = [root]
    chain += [Comment.objects.create(user=alice, thread=root, text=str(number)) for number in range(4)]
    with connection.cursor() as cursor:  # as an earlier release saved them
        for above, below in pairwise(chain[1:]):
            cursor.execute(
                "UPDATE feed_comment SET thread_id = %s, reply_to_id = NULL WHERE event_ptr_id = %s",
                [above.pk, below.pk],
            )
    with connection.schema_editor() as editor:
        import_module("feed.migrations.0009_flat_conversations").flatten(apps, editor)
    links = list(Comment.objects.order_by("pk").values_list("thread", "reply_to"))
    assert links == [(root.pk, None), *((root.pk, event.pk) for event in chain[1:-1])]
