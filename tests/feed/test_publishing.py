"""Events about objects of any model: `publish` and `withdraw`."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connections, transaction

import feed
from feed import publish, withdraw
from feed.frames.describe import describe
from feed.models import Activity, Comment, Event
from feed.testing import FeedWatcher
from tests.feed.recorded import changes, forget_changes
from tests.support.shop import Order

Assert = Callable[[Any, Any], None]

pytestmark = [
    pytest.mark.usefixtures("teams"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("empty_log"),
]


@pytest.fixture
def order(alice: User) -> Order:
    return Order.objects.create(placed_by=alice, total="9.90")


def test_an_order_is_published(alice: User, order: Order, rings: list[tuple[int, str]]) -> None:
    event = publish("order_placed", actor=alice, about=order, data={"total": "9.90"}, key="order-1")
    assert changes() == [("created", event.pk, "activity")]
    assert rings == [(event.pk, "alice: order placed, Order of 9.90")]
    assert Event.objects.get(pk=event.pk) == event
    fields = describe(Activity.objects.get())
    about = {
        "label": "auth.order",
        "key": str(order.pk),
        "url": f"/orders/{order.pk}/",
        "text": "Order of 9.90",
    }
    assert (fields["verb"], fields["about"]) == ("order_placed", about)
    assert (fields["user"], fields["data"], fields["key"]) == ("alice", {"total": "9.90"}, "order-1")


def test_the_event_outlives_its_object(alice: User, order: Order) -> None:
    publish("order_placed", actor=alice, about=order)
    order.delete()
    assert str(Activity.objects.get()) == "alice: order placed, Order of 9.90"


@pytest.mark.parametrize("actor", [None, AnonymousUser()])
def test_an_event_may_have_no_actor_and_no_object(actor: Any) -> None:
    event = publish("shop_opened", actor=actor)
    assert (event.user, str(event)) == (None, "System: shop opened")
    assert changes() == [("created", event.pk, "activity")]


def test_the_audience_is_kept(alice: User) -> None:
    publish("order_placed", actor=alice, audience="team:7")
    assert Activity.objects.get().audience == "team:7"


def test_an_audience_alone_sees_it(alice: User, assert_sees: Assert, assert_not_sees: Assert) -> None:
    event = publish("order_placed", actor=alice, audience="only:alice", key="order-1")
    assert_sees(alice, event)
    assert_not_sees(None, event)
    publish("order_placed", actor=alice, key="order-1")
    assert_sees(None, event)


def test_without_a_key_each_call_is_an_event(alice: User) -> None:
    pks = [publish("order_placed", actor=alice).pk for _ in range(2)]
    assert changes() == [("created", pk, "activity") for pk in pks]


@pytest.mark.parametrize(
    "changed", [{"verb": "order_sent"}, {"actor": "bob"}, {"audience": "team:8"}, {"data": {"total": "8"}}]
)
def test_the_same_key_changes_the_event(alice: User, order: Order, changed: dict[str, Any]) -> None:
    first: dict[str, Any] = {"verb": "order_placed", "actor": alice, "about": order, "audience": "public"}
    if changed.get("actor"):
        changed = {"actor": User.objects.create_user("bob")}
    forget_changes()
    event = publish(**first, key="order-1")
    again = publish(**first | changed, key="order-1")
    assert again == event
    assert changes() == [("created", event.pk, "activity"), ("updated", event.pk, "activity")]
    (stored,) = Activity.objects.all()
    assert stored.edited_at
    for name, value in changed.items():
        assert getattr(stored, {"actor": "user"}.get(name, name)) == value


def test_nothing_is_recorded_if_nothing_has_changed(alice: User, order: Order) -> None:
    data: Any = {"at": datetime(2030, 1, 1, tzinfo=UTC), "sum": Decimal("1.10"), "id": UUID(int=1), "n": 1.5, 3: (1, 2)}
    event = publish("order_placed", actor=alice, about=order, data=data, key="k")
    for _ in range(2):
        publish("order_placed", actor=alice, about=Order.objects.get(), data=data, key="k")
    assert changes() == [("created", event.pk, "activity")]
    assert Activity.objects.get().data == {
        "at": "2030-01-01T00:00:00Z",
        "sum": "1.10",
        "id": str(UUID(int=1)),
        "n": 1.5,
        "3": [1, 2],
    }


def test_a_withdrawn_event_is_told_as_deleted(alice: User, feed_watcher: Callable[..., FeedWatcher]) -> None:
    watcher = feed_watcher()
    event = publish("order_placed", actor=alice, key="order-1")
    assert watcher.events().keys() == {event.pk}
    assert withdraw("order-1") is True
    assert watcher.events() == {}
    assert withdraw("order-1") is False
    assert [change["action"] for change in watcher.changes()] == ["created", "deleted"]


def test_comments_on_a_withdrawn_event_go_with_it(alice: User) -> None:
    comment = Comment.objects.create(user=alice, text="Oh", thread=publish("order_placed", actor=alice, key="k"))
    withdraw("k")
    assert ("deleted", comment.pk, "comment") in changes()


def test_a_withdrawn_key_can_be_published_again(alice: User) -> None:
    first = publish("order_placed", actor=alice, key="k")
    withdraw("k")
    assert publish("order_placed", actor=alice, key="k").pk != first.pk


def test_a_rolled_back_event_was_never_published(alice: User) -> None:
    kept = publish("order_placed", actor=alice, key="kept")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish("order_placed", actor=alice, key="new")
        publish("order_sent", actor=alice, key="kept")
        withdraw("kept")
        raise ZeroDivisionError
    assert changes() == [("created", kept.pk, "activity")]
    assert [event.verb for event in Activity.objects.all()] == ["order_placed"]


def test_concurrent_publishers_of_one_key_make_one_event(alice: User) -> None:
    start = threading.Barrier(4)

    def send(number: int) -> int:
        try:
            start.wait(30)
            return [publish("step", actor=alice, data={"by": number}, key="k").pk for _ in range(5)][-1]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        pks = {done.result(60) for done in [threads.submit(send, number) for number in range(4)]}
    assert pks == {Activity.objects.get().pk}
    assert [action for action, _, _ in changes()].count("created") == 1


def test_concurrent_publishers_and_withdrawers_of_one_key_do_not_fail(alice: User) -> None:
    start = threading.Barrier(3)

    def send(number: int) -> None:
        try:
            start.wait(30)
            for turn in range(20):
                if number:
                    publish("step", actor=alice, data={"turn": [number, turn]}, key="k")
                else:
                    withdraw("k")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(send, number) for number in range(3)]:
            done.result(60)
    recorded = [action for action, _, _ in changes()]
    assert recorded.count("created") - recorded.count("deleted") == Activity.objects.count() <= 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"verb": ""}, "A verb has"),
        ({"verb": "Order placed"}, "A verb has"),
        ({"verb": "x" * 101}, "A verb has"),
        ({"key": ""}, "A key is a text of 1 to 200"),
        ({"key": "x" * 201}, "A key is a text of 1 to 200"),
        ({"key": 7}, "A key is a text of 1 to 200"),
        ({"key": "a\0"}, "A key is a text of 1 to 200"),
        ({"audience": ""}, "An audience is a text"),
        ({"data": {"x": object()}}, "data must be what JSON can hold"),
        ({"data": {"x": float("nan")}}, "data must be what JSON can hold"),
        ({"data": {"x": "\0"}}, "NUL"),
        ({"data": {"x": "\ud83d"}}, "data must be what JSON can hold"),
        ({"data": [1]}, "data must be a dict, not list"),
        ({"about": Group()}, "This group has no key"),
        ({"actor": User()}, "The actor has no key"),
        ({"actor": "alice"}, "must be a"),
    ],
)
def test_what_can_not_be_published_is_refused_with_a_sentence(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        publish(**{"verb": "order_placed"} | options)
    assert changes() == []


def test_a_backslash_before_u0000_is_no_nul(alice: User) -> None:
    publish("order_placed", actor=alice, data={"path": r"C:\u0000"})
    assert Activity.objects.get().data == {"path": r"C:\u0000"}


def test_withdrawing_needs_a_key() -> None:
    with pytest.raises(ValueError, match="A key is a text"):
        withdraw("")


def test_a_name_that_the_feed_does_not_have_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'publsh'"):
        feed.publsh  # noqa: B018
