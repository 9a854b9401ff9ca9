"""Pruning: the oldest changes are deleted, and a read that needs them is refused."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from feed import log
from feed.log import Change
from tests.feed.log.posts import post_texts, texts_in_log

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_pruning_deletes_the_oldest_changes_and_reading_them_raises_expired(alice: User) -> None:
    post_texts(alice, "old", "older by its clock", "new")
    head = log.number().head
    now = timezone.now()
    Change.objects.filter(position__lt=head - 1).update(at=now - timedelta(days=40))
    assert log.prune(now - timedelta(days=30)) == head - 2
    assert log.state().floor == head - 2
    with pytest.raises(log.Expired):
        log.read(0, head)
    assert [change.position for change in log.read(head - 2, head)] == [head - 1, head]


def test_pruning_stops_at_the_first_change_that_is_too_new(alice: User) -> None:
    post_texts(alice, "a", "b", "c")
    head = log.number().head
    Change.objects.filter(position=head).update(at=timezone.now() - timedelta(days=40))
    assert log.prune(timezone.now() - timedelta(days=30)) == 0
    assert len(log.read(0, head)) == head


def test_pruning_works_in_parts_and_the_log_is_readable_after_each(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    post_texts(alice, *"abcdef")
    head = log.number().head
    progress: list[tuple[int, int]] = []

    def check(done: int, of: int) -> None:
        progress.append((done, of))
        state = log.state()
        assert state.floor == done
        assert [change.position for change in log.read(done, state.head)] == list(range(done + 1, state.head + 1))
        with pytest.raises(log.Expired):
            log.read(done - 1, state.head)
        post_texts(alice, "during the pruning")
        log.number()

    assert log.prune(timezone.now() + timedelta(days=1), check) == head == 7
    assert progress == [(2, 7), (4, 7), (6, 7), (7, 7)]
    assert log.state().head == head + len(progress), "Pruning deleted changes that were made while it ran."


def test_the_next_pruning_finishes_an_interrupted_one(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    post_texts(alice, *"abcdef")
    head = log.number().head

    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.prune(timezone.now() + timedelta(days=1), interrupt)
    assert log.state().floor == 2
    assert log.prune(timezone.now() + timedelta(days=1)) == head - 2
    assert not Change.objects.exists()


def test_concurrent_prunings_share_the_work(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    post_texts(alice, *"abcdef")
    head = log.number().head
    pruned_by_the_other: list[int] = []

    def prune_too(done: int, of: int) -> None:
        pruned_by_the_other.append(log.prune(timezone.now() + timedelta(days=1)))

    assert log.prune(timezone.now() + timedelta(days=1), prune_too) == 2
    assert pruned_by_the_other == [head - 2]
    assert log.state().floor == head


def test_pruning_everything_keeps_the_head_and_the_unnumbered_changes(alice: User) -> None:
    post_texts(alice, "a")
    head = log.number().head
    post_texts(alice, "waiting")
    log.prune(timezone.now() + timedelta(days=1))
    assert log.state().head == log.state().floor == head
    assert texts_in_log(after=head) == ["waiting"]
