"""A copy has the events of its source: their ids, kinds, users, audiences, times and fields."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_save

from feed import log
from feed.frames.describe import as_json
from feed.mirror import copying
from feed.mirror.copying import NotPossible
from feed.mirror.source import BEYOND, Page
from feed.mirror.writing import FIRST_OWN_ID
from feed.mirror_table import Mirror
from feed.models import Comment, Event, StatusChange
from feed.testing import FeedWatcher
from profiles.models import Concern, Follow, Welcome
from tests.feed.mirror.conftest import URL, Begin, Leave, Source, change, copy_frames, events_here, frame
from tests.feed.recorded import changes, forget_changes
from tests.support.every_kind import one_of_each
from tests.support.kinds import Slogan

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def copy_pages(mirror: Mirror, source: Source) -> None:
    for page in reversed(source.pages):
        copying.apply_page(mirror, page)
    copying.move(mirror, source.log, source.pages[0].position)


@pytest.mark.parametrize("copied", [copy_frames, copy_pages])
def test_a_copy_has_the_same_events_of_every_kind(
    alice: User, bob: User, leave: Leave, mirror: Begin, copied: Callable[[Mirror, Source], None]
) -> None:
    events = one_of_each(alice, bob)
    source = leave()
    assert len(source.pages) > 3
    assert not Event.objects.exists()
    copied(mirror(), source)
    here = events_here()
    assert here.keys() == source.events.keys() == {event.pk for event in events}
    (grant,) = (key for key, event in source.events.items() if event["kind"] == "grant")
    granted, kept = source.events.pop(grant), here.pop(grant)
    assert here == source.events
    # Its permission is an object of the source.
    assert (kept["kind"], kept["verb"], kept["user"], kept["created_at"]) == (
        "activity",
        "grant",
        "alice",
        granted["created_at"],
    )
    assert kept["data"] == {"permission": granted["permission"]}
    assert kept["about"] == {
        "label": "grant",
        "key": str(grant),
        "url": f"{URL}events/{grant}/",
        "text": "may " + granted["summary"][11:],
    }


@pytest.mark.parametrize("copied", [copy_frames, copy_pages])
def test_what_is_copied_twice_is_recorded_once(
    alice: User, bob: User, leave: Leave, mirror: Begin, copied: Callable[[Mirror, Source], None]
) -> None:
    one_of_each(alice, bob)
    source, copy = leave(), mirror()
    copied(copy, source)
    recorded = sorted((action, key) for action, key, _ in changes() if action != "access")
    assert recorded == [("created", key) for key in source.events]
    forget_changes()
    copied(copy, source)
    assert changes() == []


def test_the_copy_is_live_by_its_own_log(
    hello: StatusChange, leave: Leave, mirror: Begin, feed_watcher: Callable[..., FeedWatcher]
) -> None:
    source, copy = leave(), mirror()
    watcher = feed_watcher(streams=["user:alice"], after=log.number().head)
    copy_frames(copy, source)
    assert watcher.events() == source.events
    copying.apply_frame(copy, frame(copy, change("deleted", {"id": hello.pk, "kind": "status_change"})))
    assert hello.pk not in watcher.events()


def test_edits_moves_and_deletions_follow(
    alice: User, bob: User, hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    deleted = StatusChange.objects.create(user=alice, text="gone soon")
    source, copy = leave(), mirror()
    copy_frames(copy, source)
    edited = source.events[hello.pk] | {"text": "edited", "user": "bob", "audience": "only:bob"}
    edited |= {"summary": "bob: edited", "edited_at": "2026-11-26T12:30:00.500000Z"}
    told = [change("updated", edited), change("deleted", {"id": deleted.pk, "kind": "status_change"})]
    copying.apply_frame(copy, frame(copy, *told))
    assert events_here()[hello.pk] == edited
    assert deleted.pk not in events_here()
    assert [action for action, key, _ in changes() if key == hello.pk] == ["created", "updated"]
    assert Mirror.objects.get().position == source.frames[-1]["position"] + 2


def test_people_are_made_by_name_without_a_welcome_of_their_own(
    hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    source = leave()
    assert not User.objects.exists()
    copy_frames(mirror(), source)
    alice = User.objects.get()
    assert alice.username == "alice"
    assert not alice.has_usable_password()
    assert Welcome.objects.count() == 1
    assert [*source.events] == [event.pk for event in alice.feed_events.all()]


def test_people_who_are_here_already_are_the_same(
    hello: StatusChange, leave: Leave, mirror: Begin, own_ids: None
) -> None:
    source, copy = leave(), mirror()
    alice = User.objects.create_user("alice", password="her own")
    copy_frames(copy, source)
    assert User.objects.get() == alice
    assert alice.check_password("her own")


def test_what_concerns_people_is_found_in_the_copy(
    alice: User, bob: User, hello: StatusChange, leave: Leave, mirror: Begin
) -> None:
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    source = leave()
    copy_frames(mirror(), source)
    assert Concern.objects.filter(user__username="alice", event=comment.pk).exists()


def test_receivers_of_saves_are_not_called_again(hello: StatusChange, leave: Leave, mirror: Begin) -> None:
    def fail(**kwargs: Any) -> None:
        raise AssertionError("What follows from a save has happened at the source.")

    source = leave()
    post_save.connect(fail, sender=StatusChange)
    try:
        copy_frames(mirror(), source)
    finally:
        post_save.disconnect(fail, sender=StatusChange)


def test_a_time_that_the_source_has_set_stays(leave: Leave, mirror: Begin) -> None:
    slogan = Slogan.objects.create(text="Slogan")
    source = leave()
    copy_frames(mirror(), source)
    assert Slogan.objects.get().shown_at == slogan.shown_at


def test_a_follow_that_was_made_again_replaces_the_first(alice: User, bob: User, leave: Leave, mirror: Begin) -> None:
    first = Follow.objects.create(user=bob, followed=alice)
    source, copy = leave(), mirror()
    copy_frames(copy, source)
    said = source.events[first.pk]
    told = [
        change("created", said | {"id": 1000, "url": "/events/1000/"}),
        change("deleted", {"id": first.pk, "kind": "follow"}),
    ]
    copying.apply_frame(copy, frame(copy, *told))
    assert [follow.pk for follow in Follow.objects.all()] == [1000]


def test_a_page_deletes_what_is_gone_and_nothing_else(alice: User, leave: Leave, mirror: Begin) -> None:
    keys = [StatusChange.objects.create(user=alice, text=str(number)).pk for number in range(9)]
    source, copy = leave(4), mirror()
    copy_pages(copy, source)
    own = StatusChange.objects.create(text="posted in the copy")
    newest, middle, *_ = source.pages
    gone = middle.events[1]["id"]
    kept = [event for event in middle.events if event["id"] != gone]
    copying.apply_page(_anew(copy), Page(source.log, 0, middle.low, middle.high, kept))
    assert {*events_here()} == {*source.events, own.pk} - {gone}
    copying.apply_page(copy, Page(source.log, 0, 0, BEYOND, newest.events))
    assert {*events_here()} == {event["id"] for event in newest.events} | {own.pk}
    assert gone in keys


def _anew(mirror: Mirror) -> Mirror:
    copying.move(mirror, "", None)
    return mirror


def test_the_own_events_of_a_copy_have_other_ids(hello: StatusChange, leave: Leave, mirror: Begin) -> None:
    source, copy = leave(), mirror()
    copy_frames(copy, source)
    own = StatusChange.objects.create(text="posted in the copy")
    assert own.pk == FIRST_OWN_ID
    assert events_here().keys() == {*source.events, own.pk}
    with pytest.raises(NotPossible, match="posted in a copy"):
        copying.apply_frame(copy, frame(copy, change("deleted", {"id": own.pk, "kind": "status_change"})))


def test_an_event_comes_back_with_a_row_of_its_own(hello: StatusChange, leave: Leave, mirror: Begin) -> None:
    """Its cached row is found by its id and by when it was last changed."""
    source, copy = leave(), mirror()
    copy_frames(copy, source)
    before = Event.rows.get(pk=hello.pk).changed_at
    gone, back = (
        change("deleted", {"id": hello.pk, "kind": "status_change"}),
        change("created", source.events[hello.pk]),
    )
    copying.apply_frame(copy, frame(copy, gone))
    copying.apply_frame(copy, frame(copy, back))
    assert Event.rows.get(pk=hello.pk).changed_at != before
    assert json.loads(as_json(StatusChange.objects.get())) == source.events[hello.pk]
