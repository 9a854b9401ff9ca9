"""What the log says of an event's place is what the database says, whatever the instance says that was saved."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Case, QuerySet, Value

from feed.log import Change
from feed.models import Comment, Event, StatusChange
from feed.repair import repair
from tests.feed.recorded import forget_changes

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("teams")]

MINE = "only:alice"


def recorded() -> list[tuple[str, str | None]]:
    """The audience of each change, and the one that it has moved the event from."""
    changes = Change.objects.order_by("id")
    return [(each.audience, each.moved_from and each.moved_from["audience"]) for each in changes]


@pytest.fixture
def reply(alice: User, empty_log: None) -> Comment:
    """A comment on what only alice sees."""
    thread = StatusChange.objects.create(user=alice, text="Thread", audience=MINE)
    comment: Comment = Comment.objects.create(user=alice, thread=thread, text="Secret")
    forget_changes()
    return comment


def test_a_stale_instance_that_saves_its_text_does_not_move_the_event(hello: StatusChange) -> None:
    StatusChange.objects.filter(pk=hello.pk).update(audience=MINE)
    forget_changes()
    hello.text = "Secret"
    hello.save(update_fields=["text"])
    assert recorded() == [(MINE, None)]


def test_no_text_of_a_private_event_rings_because_an_instance_is_stale(
    hello: StatusChange, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    StatusChange.objects.filter(pk=hello.pk).update(audience=MINE)
    hello.text = "Secret"
    with django_capture_on_commit_callbacks(execute=True):
        hello.save(update_fields=["text"])
    assert rings == [(hello.pk, "")]


def test_the_deletion_of_a_stale_instance_rings_without_its_text(
    hello: StatusChange, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    StatusChange.objects.filter(pk=hello.pk).update(audience=MINE)
    with django_capture_on_commit_callbacks(execute=True):
        hello.delete()
    assert [text for _, text in rings] == [""]


def test_a_repaired_event_leaves_the_stream_of_its_wrong_kind(hello: StatusChange) -> None:
    QuerySet(Event).filter(pk=hello.pk).update(kind="comment")
    forget_changes()
    repair()
    (change,) = Change.objects.all()
    assert change.moved_from is not None
    assert {*change.moved_from["streams"]} - {*change.streams} == {"kind:comment"}


def by_save(comment: Comment) -> None:
    comment.audience = "public"
    comment.save(update_fields=["audience"])


def by_update(comment: Comment) -> None:
    Event.objects.filter(user=comment.user, kind="comment").update(audience="public")


@pytest.mark.parametrize("make_public", [by_save, by_update])
def test_a_comment_never_leaves_its_thread_even_for_a_moment(
    reply: Comment, make_public: Any, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    deeper = Comment.objects.create(user=reply.user, thread=reply, text="Secret")
    forget_changes()
    with django_capture_on_commit_callbacks(execute=True):
        make_public(reply)
    assert {*recorded()} == {(MINE, None)}
    assert {text for _, text in rings} == {""}
    assert {*Event.rows.filter(pk__in=[reply.pk, deeper.pk]).values_list("audience", flat=True)} == {MINE}


def by_expression(event: StatusChange) -> None:
    StatusChange.objects.update(audience=Case(default=Value(event.audience)))


def by_bulk_update(event: StatusChange) -> None:
    StatusChange.objects.bulk_update([event], ["audience"])


@pytest.mark.parametrize("update", [by_expression, by_bulk_update])
def test_no_expression_makes_an_audience_that_does_not_exist(hello: StatusChange, update: Any) -> None:
    hello.audience = "nothing:1"
    with pytest.raises(ValidationError, match="There is no audience"):
        update(hello)


@pytest.mark.parametrize("update", [by_expression, by_bulk_update])
def test_an_expression_moves_an_event(hello: StatusChange, update: Any) -> None:
    forget_changes()
    hello.audience = MINE
    update(hello)
    assert recorded() == [(MINE, "public")]
