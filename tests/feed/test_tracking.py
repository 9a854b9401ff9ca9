"""Models that know nothing of the feed: their objects are published whenever they are saved or deleted."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import Settings

import feed
from feed.models import Activity, StatusChange
from feed.tracking import Tracker
from tests.feed.recorded import changes, forget_changes
from tests.support.shop import GiftOrder, Order, RushOrder

pytestmark = [
    pytest.mark.usefixtures("teams"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("empty_log"),
]

Track = Callable[..., Tracker[Any]]


@pytest.fixture
def track() -> Iterator[Track]:
    """`feed.track`, until the test ends."""
    trackers: list[Tracker[Any]] = []

    def started(model: Any, verb: str = "order_placed", **options: Any) -> Tracker[Any]:
        trackers.append(feed.track(model, verb, **options))
        return trackers[-1]

    yield started
    for tracker in trackers:
        tracker.stop()


def actions() -> list[str]:
    return [action for action, _, _ in changes()]


def test_an_order_is_published_changed_and_withdrawn(alice: User, track: Track) -> None:
    track(
        Order,
        actor=lambda order: order.placed_by,
        audience=lambda order: f"only:{order.placed_by}",
        data=lambda order: {"total": order.total},
    )
    order = Order.objects.create(placed_by=alice, total="9.90")
    event = Activity.objects.get()
    assert (event.user, event.audience, event.data) == (alice, "only:alice", {"total": "9.90"})
    assert event.key == f"auth.order-{order.pk}-order_placed"
    order.total = 12
    order.save()
    assert Activity.objects.get().data == {"total": 12}
    order.save()
    order.delete()
    assert changes() == [(action, event.pk, "activity") for action in ("created", "updated", "deleted")]


def test_an_order_may_be_of_nobody(track: Track) -> None:
    track(Order, audience="team:7")
    Order.objects.create()
    assert (Activity.objects.get().user, Activity.objects.get().audience) == (None, "team:7")


def test_only_orders_that_matter_are_published(alice: User, track: Track) -> None:
    track(Order, when=lambda order: order.total > 10)
    order = Order.objects.create(total=5)
    assert actions() == []
    for total in (20, 20, 3, 3, 30):
        order.total = total
        order.save()
    assert actions() == ["created", "deleted", "created"]


def test_the_event_of_a_deleted_order_may_stay(track: Track) -> None:
    track(Order, keep=True)
    Order.objects.create().delete()
    assert actions() == ["created"]


def test_a_model_may_be_tracked_by_several_verbs(track: Track) -> None:
    track(Order, "order_placed")
    track(Order, "order_paid", when=lambda order: order.note == "paid")
    Order.objects.create(note="paid").delete()
    assert actions() == ["created", "created", "deleted", "deleted"]


@pytest.mark.parametrize("model", [RushOrder, GiftOrder])
def test_proxies_and_derived_models_are_tracked_with_their_model(track: Track, model: type[Order]) -> None:
    track(Order)
    order = model.objects.create()
    event = Activity.objects.get()
    assert event.key == f"auth.order-{order.pk}-order_placed"
    Order.objects.get().delete()
    assert actions().count("deleted") == 1
    model.objects.create().delete()
    assert actions().count("deleted") == 2


def test_a_proxy_alone_may_be_tracked(track: Track) -> None:
    track(RushOrder)
    Order.objects.create()
    assert actions() == []
    RushOrder.objects.create()
    Order.objects.all().delete()
    assert actions() == ["created", "deleted"]


def test_the_event_of_a_parent_that_stays_stays(track: Track) -> None:
    track(Order)
    GiftOrder.objects.create().delete(keep_parents=True)
    assert Order.objects.count() == 1
    assert actions() == ["created"]


def test_fixtures_are_not_published(track: Track) -> None:
    track(Order)
    text = serializers.serialize("json", [Order(total=5)])
    for each in serializers.deserialize("json", text):
        each.save()
    assert Order.objects.count() == 1
    assert actions() == []


def test_only_what_is_saved_is_published(alice: User, track: Track) -> None:
    track(Order, data=lambda order: {"total": order.total, "note": order.note, "by": order.by})
    order = Order(total=5)
    order.by = "alice"  # type: ignore[attr-defined]
    order.save()
    order.total, order.note = 99, "paid"
    order.save(update_fields=["note"])
    assert Activity.objects.get().data == {"total": "5.00", "note": "paid", "by": "alice"}
    assert order.total == 99
    order.total = F("total") + 1
    order.save()
    assert Activity.objects.get().data["total"] == "6.00"


def test_a_deferred_order_is_published_whole(track: Track) -> None:
    track(Order, data=lambda order: {"total": order.total, "note": order.note})
    Order.objects.create(total=5, note="a")
    order = Order.objects.only("note").get()
    order.note = "b"
    order.save()
    assert Activity.objects.get().data == {"total": "5.00", "note": "b"}


def fail(order: Order) -> Any:
    Order.objects.create(note="rolled back")
    raise ZeroDivisionError


def fail_in_database(order: Order) -> Any:
    User.objects.create(username="alice")  # there is one


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("failing", [fail, fail_in_database])
def test_a_tracker_that_fails_fails_no_save_and_is_logged_once(
    alice: User, track: Track, failing: Callable[[Order], Any], caplog: pytest.LogCaptureFixture
) -> None:
    tracker = track(Order, when=lambda order: order.note != "rolled back", actor=failing)
    with transaction.atomic():
        order = Order.objects.create()
        order.save()
    assert [each.pk for each in Order.objects.all()] == [order.pk]
    assert actions() == []
    (record,) = caplog.records
    assert record.getMessage().startswith("Failed to publish 'order_placed' about auth.order;")
    assert record.exc_info
    tracker.stop()


def test_with_strict_settings_a_tracker_that_fails_fails_the_save(
    alice: User, track: Track, settings: Settings
) -> None:
    settings.FEED_STRICT = True
    track(Order, actor=fail_in_database)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create()
    assert not Order.objects.exists()


def test_an_event_is_rolled_back_with_its_order(track: Track) -> None:
    track(Order)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Order.objects.create()
        raise ZeroDivisionError
    assert actions() == []


def test_deleting_alice_records_each_deletion_once(alice: User, track: Track, caplog: pytest.LogCaptureFixture) -> None:
    """Her events are deleted with her, and so are the orders, which withdraw them."""
    track(Order, actor=lambda order: order.placed_by)
    for _ in range(2):
        Order.objects.create(placed_by=alice)
    forget_changes()
    alice.delete()
    assert not Activity.objects.exists()
    assert sorted(kind for _, _, kind in changes()) == ["activity", "activity", "welcome"]
    assert not caplog.records


def test_a_model_with_texts_as_keys_is_tracked(track: Track) -> None:
    tracker = track(Order)
    keys = {tracker._key(Order(pk="x" * 250 + end)) for end in "ab"}
    assert len(keys) == 2
    assert max(map(len, keys)) <= 200


def test_one_verb_of_a_model_is_tracked_once(track: Track) -> None:
    track(Order)
    with pytest.raises(ValueError, match=r"auth.order is tracked as 'order_placed' already"):
        feed.track(Order, "order_placed")


def test_events_are_not_tracked() -> None:
    with pytest.raises(ValueError, match=r"feed.statuschange is a kind of event"):
        feed.track(StatusChange, "posted")


def test_a_tracker_that_is_stopped_publishes_nothing_more(track: Track) -> None:
    track(Order).stop()
    Order.objects.create().delete()
    assert actions() == []
