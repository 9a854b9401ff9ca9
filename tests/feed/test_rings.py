"""When saving an event rings the doorbell, and that no post depends on it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import Settings

from feed.doorbell import doorbell
from feed.messages import MessageFactory
from feed.models import Event, StatusChange
from tests.feed.recorded import changes, every_kind
from tests.support.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("empty_log"),
]


@every_kind
def test_each_save_and_deletion_rings_once(
    alice: User, rings: list[tuple[int, str]], kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    event = kind.objects.create(user=alice, **fields)
    expected = (event.pk, str(event))
    assert rings == [expected]
    event.save()
    event.delete()
    assert rings == [expected] * 3


def test_a_rolled_back_post_is_not_recorded_and_does_not_ring(alice: User, rings: list[tuple[int, str]]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        StatusChange.objects.create(user=alice, text="never")
        raise ZeroDivisionError
    assert changes() == []
    assert rings == []


def test_a_post_rolled_back_to_a_savepoint_is_not_recorded_and_others_are(
    alice: User, rings: list[tuple[int, str]]
) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            StatusChange.objects.create(user=alice, text="never")
            raise ZeroDivisionError
        saved = StatusChange.objects.create(user=alice, text="saved")
    assert changes() == [("created", saved.pk, "status_change")]
    assert rings == [(saved.pk, "alice: saved")]


def test_a_transaction_rings_only_when_it_commits(alice: User, rings: list[tuple[int, str]]) -> None:
    with transaction.atomic():
        for text in "abc":
            StatusChange.objects.create(user=alice, text=text)
        assert rings == []
    assert [text for _, text in rings] == ["alice: a", "alice: b", "alice: c"]


def test_a_post_succeeds_while_the_doorbell_fails(
    alice: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.support.layers.BrokenLayer"}}
    status = StatusChange.objects.create(user=alice, text="Hello")
    assert doorbell.wait()
    assert changes() == [("created", status.pk, "status_change")]
    assert "nobody there" in caplog.text


def test_a_post_does_not_wait_for_a_doorbell_that_hangs(
    alice: User, monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("feed.doorbell.RETRY_AFTER", 3600)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.support.layers.HangingLayer"}}
    first, second = (StatusChange.objects.create(user=alice, text="Hello") for _ in range(2))
    assert not doorbell.wait(0), "The post waited for the doorbell."
    assert changes() == [("created", status.pk, "status_change") for status in (first, second)]
    wait_until(lambda: "TimeoutError" in caplog.text, "the ring to be given up")


def test_a_doorbell_that_failed_is_rung_again(
    alice: User, monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.support.layers.BrokenLayer"}}
    monkeypatch.setattr("feed.doorbell.RETRY_AFTER", 0)
    for _ in range(2):
        StatusChange.objects.create(user=alice, text="Hello")
        assert doorbell.wait()
    assert caplog.text.count("nobody there") == 2


def test_an_exception_while_ringing_does_not_fail_a_post(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: MessageFactory, summary: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(MessageFactory, "on_activity", fail)
    StatusChange.objects.create(user=alice, text="Hello")
    assert StatusChange.objects.exists()
