"""Events that a copy can't have as they are."""

import pytest
from django.contrib.auth.models import User

from feed import publish
from feed.mirror import copying
from feed.models import Activity, Comment, Event, StatusChange
from tests.feed.mirror.conftest import Begin, Json, Leave, change, copy_frames, events_here, frame
from tests.support.kinds import Deploy

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_kind_that_is_not_installed_is_kept_as_an_activity_until_it_is(
    hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    Deploy.objects.create(user=hello.user, service="web")
    source, copy = leave(), mirror()
    copying.move(copy, source.log, 0)
    said = source.frames[0]["changes"][-1]["event"]
    deploy = said | {"kind": "rollout", "summary": "alice: rollout, service web"}
    copying.apply_frame(copy, frame(copy, change("created", deploy)))
    kept = Activity.objects.get()
    assert (kept.pk, kept.verb, kept.user and kept.user.username) == (deploy["id"], "rollout", "alice")
    assert kept.data == {name: said[name] for name in ("service", "took", "cost", "details")}
    assert str(kept) == "alice: rollout, rollout, service web"
    copying.apply_frame(copy, frame(copy, change("updated", said)))
    assert events_here()[deploy["id"]] == said
    assert not Activity.objects.exists()
    copying.apply_frame(copy, frame(copy, change("updated", deploy)))
    assert Activity.objects.get().data == kept.data
    assert not Deploy.objects.exists()


def test_a_comment_without_its_thread_is_an_activity_until_that_comes(
    bob: User, hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    source, copy = leave(), mirror()
    copying.move(copy, source.log, 0)
    copying.apply_frame(copy, frame(copy, change("created", source.events[comment.pk])))
    kept = Activity.objects.get(pk=comment.pk)
    assert (kept.verb, kept.data["text"], kept.data["thread"]) == ("comment", "Hi!", hello.pk)
    # The comment comes first, as in a frame in which its thread was edited after it.
    told = [change("updated", source.events[comment.pk]), change("created", source.events[hello.pk])]
    copying.apply_frame(copy, frame(copy, *told))
    assert events_here()[comment.pk] == source.events[comment.pk]


@pytest.mark.parametrize(
    "wrong", [{"text": None}, {"created": 1}, {"user": None, "text": "a\0b"}], ids=["null", "unknown field", "nul"]
)
def test_odd_values_hold_up_nothing(hello: StatusChange, leave: Leave, mirror: Begin, wrong: Json) -> None:
    other = StatusChange.objects.create(text="other")
    source, copy = leave(), mirror()
    copying.move(copy, source.log, 0)
    odd = source.events[hello.pk] | wrong
    copying.apply_frame(copy, frame(copy, change("created", odd), change("created", source.events[other.pk])))
    assert [event.pk for event in Event.objects.order_by("pk")] == [hello.pk, other.pk]


def test_an_event_that_is_incomplete_at_the_source_is_completed_later(
    hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    source, copy = leave(), mirror()
    copying.move(copy, source.log, 0)
    whole = source.events[hello.pk]
    incomplete = {name: value for name, value in whole.items() if name != "text"}
    copying.apply_frame(copy, frame(copy, change("created", incomplete)))
    assert not StatusChange.objects.exists()
    copying.apply_frame(copy, frame(copy, change("updated", whole)))
    assert events_here() == {hello.pk: whole}


def test_what_the_database_refuses_is_kept_as_an_activity(
    alice: User, hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    taken = publish("order_placed", actor=alice, key="order-1")
    source, copy = leave(), mirror()
    own = publish("posted_here", key="order-1")
    copy_frames(copy, source)
    kept = Activity.objects.get(pk=taken.pk)
    assert (kept.key, kept.verb, kept.data["key"]) == (None, "activity", "order-1")
    assert events_here()[hello.pk] == source.events[hello.pk]
    assert Activity.objects.get(key="order-1") == own
