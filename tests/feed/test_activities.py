"""What an activity keeps of its object, and how it is shown."""

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client

from feed import publish
from feed.frames.rows import render_row
from feed.models import Activity
from tests.feed.recorded import changes
from tests.support.shop import Order, RushOrder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def order(alice: User) -> Order:
    return Order.objects.create(placed_by=alice, total="9.90")


def test_an_object_that_fails_does_not_fail_the_event(
    alice: User, order: Order, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("__str__", "get_absolute_url"):
        monkeypatch.setattr(Order, name, fail)
    about = publish("order_placed", actor=alice, about=order).about
    assert about == {"label": "auth.order", "key": str(order.pk), "url": None, "text": f"Order {order.pk}"}
    assert len(caplog.records) == 2


def fail(self: Order) -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://shop.example/1", True), ("/1", True), ("javascript:alert(1)", False), ("/" * 2001, False)],
)
def test_only_urls_of_pages_are_kept(
    alice: User, order: Order, monkeypatch: pytest.MonkeyPatch, url: str, kept: bool
) -> None:
    monkeypatch.setattr(Order, "get_absolute_url", lambda self: url)
    about = publish("order_placed", actor=alice, about=order).about
    assert about
    assert about["url"] == (url if kept else None)


def test_a_row_links_only_urls_of_pages(alice: User) -> None:
    """A copy has them from its source."""
    about = {"label": "shop.order", "key": "1", "url": "javascript:alert(1)", "text": "Order 1"}
    row = render_row(Activity.objects.create(user=alice, verb="order_placed", about=about))
    assert "Order 1" in row
    assert "javascript:" not in row


def test_a_text_is_kept_as_far_as_json_can_hold_it(alice: User) -> None:
    about = publish("group_made", actor=alice, about=Group(pk=7, name="a\0\ud83d" + "x" * 600)).about
    assert about
    assert (about["url"], about["text"]) == (None, "a?" + "x" * 498)


def test_a_model_with_djangos_own_text_is_named_by_its_key(
    alice: User, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Order, "__str__", Model.__str__)
    about = publish("order_placed", actor=alice, about=order).about
    assert about
    assert about["text"] == f"Order {order.pk}"


def test_a_proxy_has_the_label_of_its_model(alice: User) -> None:
    order = RushOrder.objects.create(placed_by=alice)
    about = publish("order_placed", actor=alice, about=order).about
    assert about
    assert about["label"] == "auth.order"


def test_a_row_tells_who_did_what_and_links_to_the_object(client: Client, alice: User, order: Order) -> None:
    publish("order_placed", actor=alice, about=order, data={"secret": 1})
    Order.objects.all().delete()
    html = client.get("/").content.decode()
    link = f'order placed <a href="/orders/{order.pk}/">Order of 9.90</a>'
    assert link in html
    assert "secret" not in html


def test_a_row_about_an_object_without_a_page_has_no_link(client: Client, alice: User) -> None:
    publish("group_made", actor=alice, about=Group(pk=1, name="<b>"))
    publish("shop_opened", actor=None)
    html = client.get("/").content.decode()
    assert '<span class="did">group made &lt;b&gt;</span>' in html
    assert '<span class="did">shop opened</span>' in html


def test_the_admin_shows_and_deletes_activities_and_changes_none(admin_client: Client, alice: User) -> None:
    event = publish("order_placed", actor=alice, about=Group(pk=1, name="editors"), data={"n": 1}, key="order-1")
    assert b"alice: order placed, editors" in admin_client.get("/admin/feed/activity/?q=order-1").content
    page = admin_client.get(f"/admin/feed/activity/{event.pk}/change/").content.decode()
    assert "order-1" in page
    assert 'name="verb"' not in page
    assert admin_client.get("/admin/feed/activity/add/").status_code == 403
    admin_client.post(f"/admin/feed/activity/{event.pk}/delete/", {"post": "yes"})
    assert changes()[-1] == ("deleted", event.pk, "activity")
