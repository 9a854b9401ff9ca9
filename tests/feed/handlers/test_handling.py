"""A handler is called once, in effect, for every change of its streams, in log order."""

import pytest
from django.contrib.auth.models import Group, User

from feed import log
from feed.handler_tables import HandlerCursor
from feed.handlers import HandledChange, catch_up
from feed.handlers import steps as module
from feed.handlers.running import advance
from feed.models import Comment, Event, StatusChange
from tests.feed.handlers.conftest import Make
from tests.feed.log.posts import post_texts
from tests.support.audiences import team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def told(changes: list[HandledChange]) -> list[tuple[str, str | None]]:
    """The action and the text of each change."""
    return [(change.action, change.event and change.event.text) for change in changes]


def position() -> int:
    return HandlerCursor.objects.get(name="test").position


def test_each_change_is_handled_once_and_in_log_order(make: Make, alice: User, seen: list[HandledChange]) -> None:
    handler = make(seen.append, "kind:status_change", from_start=True)
    post_texts(alice, "one", "two")
    catch_up(handler)
    event = StatusChange.objects.get(text="one")
    event.text = "edited"
    event.save()
    catch_up(handler)
    event.delete()
    catch_up(handler)
    catch_up(handler)
    assert told(seen) == [("created", "one"), ("created", "two"), ("updated", "edited"), ("deleted", None)]
    assert [change.position for change in seen] == sorted(change.position for change in seen)
    assert position() == log.state().head


def test_a_new_handler_starts_at_the_head(make: Make, alice: User, seen: list[HandledChange]) -> None:
    post_texts(alice, "before")
    handler = make(seen.append, "public")
    catch_up(handler)
    post_texts(alice, "after")
    catch_up(handler)
    assert told(seen) == [("created", "after")]


def test_changes_that_were_made_while_no_handler_ran_are_handled(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "user:alice", from_start=True)
    catch_up(handler)
    seen.clear()
    post_texts(alice, *"abcdefgh")
    catch_up(handler)
    assert [change.event.text for change in seen] == list("abcdefgh")


def test_a_handler_gets_only_the_changes_of_its_streams(
    make: Make, alice: User, bob: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "user:alice", "kind:comment")
    catch_up(handler)
    post_texts(bob, "from bob")
    post_texts(alice, "from alice")
    catch_up(handler)
    assert told(seen) == [("created", "from alice")]
    assert position() == log.state().head, "The cursor has to pass what isn't for the handler, too."


def test_an_event_that_does_not_exist_any_more_comes_without_its_event(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "kind:status_change")
    catch_up(handler)
    post_texts(alice, "short-lived")
    StatusChange.objects.get().delete()
    catch_up(handler)
    assert told(seen) == [("created", None), ("deleted", None)]


@pytest.mark.usefixtures("teams")
def test_an_event_that_is_moved_into_a_stream_is_created_there_and_one_that_leaves_it_is_deleted(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    audience = team(alice)
    handler = make(seen.append, audience)
    event = StatusChange.objects.create(user=alice, text="for all")
    catch_up(handler)
    for each in (audience, audience, "public"):
        event.audience = each
        event.save()
        catch_up(handler)
    assert told(seen) == [("created", "for all"), ("updated", "for all"), ("deleted", None)]


def test_a_crash_undoes_the_effect_and_the_cursor_together(make: Make, alice: User) -> None:
    crashes = [SystemExit, None]

    def crash_once(change: HandledChange) -> None:
        Group.objects.create(name=f"at {change.position}")
        if crash := crashes.pop(0):
            raise crash

    handler = make(crash_once, "kind:status_change")
    catch_up(handler)
    post_texts(alice, "Hello")
    before = position()
    with pytest.raises(SystemExit):
        catch_up(handler)
    assert (Group.objects.count(), position()) == (0, before)
    catch_up(handler)
    assert (Group.objects.count(), position()) == (1, before + 1)


def test_a_handler_that_is_behind_works_in_several_transactions(
    make: Make, alice: User, seen: list[HandledChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALLS", 2)
    monkeypatch.setattr(module, "BATCH", 3)
    handler = make(seen.append, "kind:status_change", from_start=True)
    post_texts(alice, *"abcdefg")
    catch_up(handler)
    assert [change.event.text for change in seen] == list("abcdefg")


def test_an_instance_that_one_call_has_changed_is_not_given_to_another(make: Make, alice: User) -> None:
    texts = []

    def note_and_change(change: HandledChange) -> None:
        texts.append(change.event.text)
        change.event.text = "changed, but never saved"

    handler = make(note_and_change, "kind:status_change")
    catch_up(handler)
    event = StatusChange.objects.create(user=alice, text="Hello")
    event.save()
    catch_up(handler)
    assert texts == ["Hello", "Hello"]


def test_a_cursor_can_be_left_where_it_is_while_nothing_is_for_its_handler(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "kind:comment")
    catch_up(handler)
    before = position()
    post_texts(alice, "a", "b")
    assert not advance(handler, passes_others=False)
    assert position() == before
    Comment.objects.create(user=alice, text="for the handler", thread=StatusChange.objects.get(text="a"))
    advance(handler, passes_others=False)
    assert told(seen) == [("created", "for the handler")]
    assert position() == before + 3


def test_what_a_handler_posts_is_recorded_and_handled_after_it(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    def answer(change: HandledChange) -> None:
        seen.append(change)
        if change.event.text == "ping":
            StatusChange.objects.create(user=alice, text="pong")

    handler = make(answer, "kind:status_change")
    catch_up(handler)
    post_texts(alice, "ping")
    catch_up(handler)
    catch_up(handler)
    assert [change.event.text for change in seen] == ["ping", "pong"]


def test_a_handler_that_is_told_to_stop_finishes_the_change_at_hand(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "kind:status_change", from_start=True)
    post_texts(alice, *"abc")
    catch_up(handler, lambda: len(seen) == 2)
    assert [change.event.text for change in seen] == ["a", "b"]
    catch_up(handler)
    assert [change.event.text for change in seen] == ["a", "b", "c"]


def test_changes_of_access_are_not_handled(make: Make, alice: User, seen: list[HandledChange]) -> None:
    handler = make(seen.append, "public")
    catch_up(handler)
    log.record_access([str(alice.pk), "public"])
    catch_up(handler)
    assert seen == []
    assert position() == log.state().head


def test_events_of_all_audiences_are_handled(make: Make, alice: User, seen: list[HandledChange]) -> None:
    handler = make(seen.append, "kind:status_change")
    catch_up(handler)
    StatusChange.objects.create(user=alice, text="for me", audience="only:alice")
    catch_up(handler)
    assert told(seen) == [("created", "for me")]


def test_an_event_of_an_unknown_kind_comes_as_a_plain_event(make: Make, alice: User, seen: list[HandledChange]) -> None:
    handler = make(seen.append, "user:alice")
    catch_up(handler)
    hello = StatusChange.objects.create(user=alice, text="Hello")
    Event.rows.filter(pk=hello.pk).update(kind="of_another_release")
    catch_up(handler)
    assert (seen[-1].kind, type(seen[-1].event)) == ("of_another_release", Event)
