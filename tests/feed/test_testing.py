"""The test kit: clients without sockets, and who sees what on every way."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, connections, transaction
from django.test import TestCase, TransactionTestCase

from feed import log
from feed.models import Comment, Event, StatusChange
from feed.refusals import Refusal
from feed.testing import FeedTestMixin, FeedWatcher
from tests.support.audiences import join, leave, team

pytestmark = pytest.mark.database

Connect = Callable[..., FeedWatcher]
Assert = Callable[[Any, Any], None]


MODES = [pytest.param(mode, marks=pytest.mark.django_db(transaction=not mode)) for mode in (True, False)]


@pytest.fixture(params=MODES, ids=["in a transaction", "committed"])
def database(request: pytest.FixtureRequest, db: None) -> None:
    assert connection.in_atomic_block is request.param


@pytest.fixture
def bob(database: None) -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def secret(alice: User) -> StatusChange:
    """What only alice may see."""
    status: StatusChange = StatusChange.objects.create(user=alice, text="secret", audience="only:alice")
    return status


def texts(changes: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(change["action"], change["event"].get("text")) for change in changes]


def test_a_watcher_is_sent_what_happens_after_it_came(database: None, hello: Event, feed_watcher: Connect) -> None:
    watcher = feed_watcher()
    (first,) = watcher.frames()
    assert first["changes"] == []
    Comment.objects.create(user=hello.user, thread=hello, text="Hi!")
    hello.delete()
    (frame,) = watcher.frames()
    assert frame["after"] == first["position"]
    assert [each["action"] for each in frame["changes"]] == ["deleted", "deleted"]
    assert watcher.frames() == []


def test_what_a_watcher_is_told_between_two_reads_makes_its_state(
    bob: User, hello: StatusChange, feed_watcher: Connect
) -> None:
    watcher = feed_watcher(bob, after=0)
    assert [event["summary"] for event in watcher.events().values()][-1] == "alice: Hello"
    hello.text = "Hello!"
    hello.save()
    assert watcher.events()[hello.pk]["text"] == "Hello!"
    assert texts(watcher.changes())[-1] == ("updated", "Hello!")
    key = hello.pk
    hello.delete()
    assert key not in watcher.events()


def test_a_rolled_back_event_is_not_sent(bob: User, feed_watcher: Connect) -> None:
    watcher = feed_watcher()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        StatusChange.objects.create(user=bob, text="never")
        raise ZeroDivisionError
    assert watcher.changes() == []


def test_a_page_is_sent_html(database: None, alice: User, feed_watcher: Connect) -> None:
    page = feed_watcher(format="html")
    page.html()
    status = StatusChange.objects.create(user=alice, text="Hello")
    assert f'id="event-{status.pk}"' in page.html()
    with pytest.raises(ValueError, match="format='html'"):
        page.frames()
    with pytest.raises(ValueError, match="one of json, html"):
        feed_watcher(format="xml")


def test_watchers_of_both_formats_share_a_test(database: None, alice: User, feed_watcher: Connect) -> None:
    program, page = feed_watcher(), feed_watcher(format="html")
    StatusChange.objects.create(user=alice, text="Hello")
    assert texts(program.changes()) == [("created", "Hello")]
    assert "Hello" in page.html()


def test_users_are_sent_what_they_may_see(
    bob: User, secret: StatusChange, hello: StatusChange, feed_watcher: Connect
) -> None:
    alices, bobs = feed_watcher(secret.user), feed_watcher(bob)
    secret.save()
    assert texts(alices.changes()) == [("updated", "secret")]
    assert bobs.changes() == []
    StatusChange.objects.filter(pk=hello.pk).update(audience="only:alice")
    assert texts(bobs.changes()) == [("deleted", None)]
    assert texts(alices.changes()) == [("updated", "Hello")]


@pytest.mark.parametrize("stream", ["only:alice", "user:nobody", "nothing"])
def test_a_stream_that_the_socket_refuses_is_refused(
    bob: User, alice: User, stream: str, feed_watcher: Connect
) -> None:
    with pytest.raises(Refusal):
        feed_watcher(bob, [stream])
    assert feed_watcher(alice, "only:alice").frames()


@pytest.mark.usefixtures("teams")
def test_a_change_of_access_resets_the_watcher_to_the_snapshot(
    bob: User, alice: User, hello: StatusChange, feed_watcher: Connect
) -> None:
    audience = team(alice)
    plan = StatusChange.objects.create(user=alice, text="plan", audience=audience)
    watcher = feed_watcher(bob)
    watcher.frames()
    join(bob, audience)
    (reset,) = watcher.frames()
    assert (reset["type"], reset["reason"]) == ("reset", "access")
    assert {hello.pk, plan.pk} <= watcher.events().keys()
    plan.save()
    assert texts(watcher.changes()) == [("updated", "plan")]
    leave(bob)
    assert plan.pk not in watcher.events()


@pytest.mark.usefixtures("teams")
def test_a_change_of_access_that_nobody_was_told_of_has_no_effect(
    bob: User, alice: User, feed_watcher: Connect
) -> None:
    audience, watcher = team(alice), feed_watcher(bob)
    bob.groups.add(int(audience.partition(":")[2]))
    StatusChange.objects.create(user=alice, text="plan", audience=audience)
    assert watcher.changes() == []


def test_a_public_event_is_seen_by_all(
    bob: User, hello: StatusChange, assert_sees: Assert, assert_not_sees: Assert
) -> None:
    for user in (None, AnonymousUser(), bob, hello.user):
        assert_sees(user, hello)
        with pytest.raises(AssertionError, match=r"sees status_change \d+ \(audience public\) on all ways\.$"):
            assert_not_sees(user, hello)


def test_a_private_event_is_seen_by_its_audience_alone(
    bob: User, secret: StatusChange, assert_sees: Assert, assert_not_sees: Assert
) -> None:
    comment = Comment.objects.create(user=secret.user, thread=secret, text="mine")
    for event in (secret, comment):
        assert_sees(secret.user, event)
        for user in (None, bob):
            assert_not_sees(user, event)
            with pytest.raises(AssertionError, match="on all ways"):
                assert_sees(user, event)


def test_an_event_that_was_public_once_is_not_seen(bob: User, hello: StatusChange, assert_not_sees: Assert) -> None:
    hello.audience = "only:alice"
    hello.save()
    assert_not_sees(bob, hello)


def test_a_user_who_is_not_active_sees_what_is_public(
    database: None, secret: StatusChange, hello: StatusChange, assert_sees: Assert, assert_not_sees: Assert
) -> None:
    User.objects.update(is_active=False)
    assert_sees(secret.user, hello)
    assert_not_sees(secret.user, secret)


def test_a_deleted_event_is_seen_by_nobody(alice: User, hello: StatusChange, assert_not_sees: Assert) -> None:
    Event.objects.filter(pk=hello.pk).delete()
    assert_not_sees(alice, hello)
    hello.pk = None
    with pytest.raises(ValueError, match="isn't saved"):
        assert_not_sees(alice, hello)


def test_the_message_names_the_ways_that_differ(
    bob: User, hello: StatusChange, assert_sees: Assert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.querysets.EventQuerySet.visible_to", lambda events, user: events.none())
    with pytest.raises(AssertionError) as failure:
        assert_sees(bob, hello)
    assert str(failure.value) == (
        f"bob (in followers:bob, only:bob, public, to:bob) doesn't see status_change {hello.pk} (audience public) "
        "on 1 of 21 ways: the pages and the API (visible_to)."
    )


def test_an_event_that_the_log_lacks_is_named(hello: StatusChange, assert_sees: Assert) -> None:
    log.Change.objects.all().delete()
    with pytest.raises(
        AssertionError, match="the live socket of public; the change to public; the replay of public; the polls of"
    ):
        assert_sees(None, hello)


@pytest.mark.django_db(transaction=True)
async def test_an_async_test_calls_it_in_a_thread(feed_watcher: Connect) -> None:
    with pytest.raises(SynchronousOnlyOperation, match="sync_to_async"):
        feed_watcher()
    assert await sync_to_async(feed_watcher)()
    await sync_to_async(connections.close_all)()


# Django's own test cases.


class InTransaction(FeedTestMixin, TestCase):
    bob: User
    secret: StatusChange

    @classmethod
    def setUpTestData(cls) -> None:
        cls.bob = User.objects.create_user("bob")
        cls.secret = StatusChange.objects.create(user=cls.bob, text="secret", audience="only:bob")

    def test_only_bob_sees_it(self) -> None:
        self.assert_sees(self.bob, self.secret)
        self.assert_not_sees(None, self.secret)
        watcher = self.feed_watcher(self.bob)
        self.secret.delete()
        assert texts(watcher.changes()) == [("deleted", None)]

    def test_only_bob_sees_it_again(self) -> None:
        self.test_only_bob_sees_it()


class Committed(FeedTestMixin, TransactionTestCase):
    def test_each_test_has_a_log_of_its_own(self) -> None:
        watcher = self.feed_watcher()
        StatusChange.objects.create(user=None, text="Hello")
        assert texts(watcher.changes()) == [("created", "Hello")]

    test_each_test_has_a_log_of_its_own_again = test_each_test_has_a_log_of_its_own
