"""Webhooks are signed, delivered in order, retried, and set aside."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from feed import log
from feed.handler_tables import HandlerCursor, SetAside, Webhook
from feed.handlers import catch_up
from feed.models import StatusChange
from feed.webhooks import source
from tests.feed.log.posts import post_texts
from tests.feed.webhooks.receiver import Receiver
from tests.support.audiences import team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def made(receiver: Receiver, streams: str = "kind:status_change", **fields: Any) -> Webhook:
    return Webhook.objects.create(url=receiver.url, streams=streams, **fields)


def send(webhook: Webhook) -> None:
    webhook.refresh_from_db()
    catch_up(source.handler_of(webhook))


def try_again(webhook: Webhook) -> None:
    SetAside.objects.exclude(next_try=None).update(next_try=timezone.now() - timedelta(seconds=1))
    send(webhook)


def texts(receiver: Receiver, webhook: Webhook) -> list[Any]:
    return [message["data"]["event"].get("text") for message in receiver.messages(webhook.secret)]


def test_a_change_is_posted_with_a_signature(receiver: Receiver, alice: User) -> None:
    webhook = made(receiver)
    hello = StatusChange.objects.create(user=alice, text="Hello žluť")
    send(webhook)
    (message,) = receiver.messages(webhook.secret)
    assert (message["type"], message["data"]["action"]) == ("status_change.created", "created")
    assert message["data"]["event"]["id"] == hello.pk
    assert message["data"]["event"]["text"] == "Hello žluť"
    headers, _ = receiver.requests[0]
    assert headers["webhook-id"] == f"{message['data']['log']}-{message['data']['position']}"
    assert headers["Content-Type"] == "application/json"


def test_the_command_delivers_them(receiver: Receiver, alice: User) -> None:
    webhook = made(receiver)
    post_texts(alice, *"ab")
    call_command("run_handlers", "--once")
    assert texts(receiver, webhook) == ["a", "b"]


def test_a_new_webhook_gets_what_comes_after_it_was_made(receiver: Receiver, alice: User) -> None:
    post_texts(alice, "before")
    log.number()
    webhook = made(receiver)
    post_texts(alice, "after")
    send(webhook)
    assert texts(receiver, webhook) == ["after"]


def test_changes_are_delivered_in_order_also_while_one_fails(receiver: Receiver, alice: User) -> None:
    webhook = made(receiver)
    post_texts(alice, *"abc")
    receiver.answers = [200, 500, 503]
    send(webhook)
    assert texts(receiver, webhook) == ["a", "b"]
    try_again(webhook)
    try_again(webhook)
    assert texts(receiver, webhook) == ["a", "b", "b", "b", "c"]
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 3, "A retry has the id of its change."
    assert not SetAside.objects.exists()


def test_a_change_that_fails_too_often_is_set_aside_and_the_next_one_sent(
    receiver: Receiver, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "TRIES", 2)
    webhook = made(receiver)
    post_texts(alice, *"ab")
    receiver.answers = [500, 500]
    send(webhook)
    try_again(webhook)
    assert texts(receiver, webhook) == ["a", "a", "b"]
    assert "The receiver answered 500" in SetAside.objects.get(next_try=None).error


def test_redirects_are_not_followed(receiver: Receiver, alice: User) -> None:
    webhook = made(receiver)
    post_texts(alice, "Hello")
    receiver.answers, receiver.headers = [302], {"Location": receiver.url}
    send(webhook)
    assert len(receiver.requests) == 1
    assert "The receiver answered 302" in SetAside.objects.get().error


def test_a_receiver_that_is_gone_is_sent_nothing_any_more(receiver: Receiver, alice: User) -> None:
    webhook = made(receiver)
    post_texts(alice, "Hello")
    receiver.answers = [410]
    send(webhook)
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert webhook.handler_name not in [handler.name for handler in source.handlers()]


def test_both_secrets_sign_while_one_replaces_the_other(receiver: Receiver, alice: User) -> None:
    old = made(receiver).secret
    webhook = Webhook.objects.get()
    new = "whsec_" + "bmV3" * 8
    webhook.secret = f"{new} {old}"
    webhook.save()
    post_texts(alice, "Hello")
    send(webhook)
    assert receiver.messages(new) == receiver.messages(old) != []


@pytest.mark.usefixtures("teams")
def test_what_is_private_is_sent_only_if_its_audience_is_named(receiver: Receiver, alice: User) -> None:
    audience = team(alice)
    outside, inside = made(receiver), made(receiver, audience)
    StatusChange.objects.create(user=alice, text="for the team", audience=audience)
    send(outside)
    assert receiver.requests == []
    send(inside)
    assert texts(receiver, inside) == ["for the team"]


@pytest.mark.usefixtures("teams")
def test_an_event_that_was_made_private_since_is_deleted_for_the_receiver(receiver: Receiver, alice: User) -> None:
    webhook = made(receiver)
    event = StatusChange.objects.create(user=alice, text="for all")
    event.audience = team(alice)
    event.text = "secret"
    event.save()
    send(webhook)
    assert [message["type"] for message in receiver.messages(webhook.secret)] == ["status_change.deleted"] * 2
    assert b"secret" not in b"".join(body for _, body in receiver.requests)


def test_no_transaction_is_open_while_a_webhook_is_sent(
    receiver: Receiver, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite nobody could post while a receiver is slow."""
    webhook = made(receiver)
    post_texts(alice, "Hello")
    found: list[bool] = []

    def note(*arguments: object) -> None:
        found.append(connection.in_atomic_block)

    monkeypatch.setattr(source, "deliver", note)
    send(webhook)
    assert found == [False]


def test_a_process_that_has_lost_its_lease_does_not_move_the_cursor(
    receiver: Receiver, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = made(receiver)
    post_texts(alice, *"ab")
    before = HandlerCursor.objects.get().position

    def take_too_long(*arguments: object) -> None:
        HandlerCursor.objects.update(lease="another process")

    monkeypatch.setattr(source, "deliver", take_too_long)
    send(webhook)
    cursor = HandlerCursor.objects.get()
    assert (cursor.position, cursor.lease) == (before, "another process")


def test_the_cursor_goes_with_its_webhook(receiver: Receiver) -> None:
    made(receiver).delete()
    assert not HandlerCursor.objects.exists()


def test_a_webhook_of_streams_that_do_not_exist_any_more_harms_no_other(receiver: Receiver, alice: User) -> None:
    made(receiver, "gone:1")
    webhook = made(receiver)
    post_texts(alice, "Hello")
    for handler in source.handlers():
        catch_up(handler)
    assert texts(receiver, webhook) == ["Hello"]
