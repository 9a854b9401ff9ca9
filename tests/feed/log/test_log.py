"""The log: reading it in parts, renaming it, and what happens if its database is emptied."""

import pytest
from django.contrib.auth.models import User

from feed import log, streams
from feed.log import Log
from tests.feed.log.posts import post_texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_a_read_continues_where_the_last_one_ended(alice: User) -> None:
    post_texts(alice, "a", "b", "c")
    head = log.number().head
    read = log.read(0, 2) + log.read(2, head)
    assert [change.position for change in read] == list(range(1, head + 1))
    assert log.read(head, head) == []


def test_a_renamed_log_keeps_its_positions(alice: User) -> None:
    before = log.number()
    assert log.rename() != before.epoch
    assert log.state().head == before.head
    assert log.state().epoch != before.epoch


def test_an_emptied_database_gets_a_new_epoch(alice: User) -> None:
    before = log.state().epoch
    Log.objects.all().delete()
    assert log.state().epoch != before


def test_a_user_who_has_other_access_since_a_position_is_known_before_that_change_has_one(alice: User) -> None:
    position, bob = log.number().head, User.objects.create_user("bob")
    streams.access_changed([alice, bob])
    assert log.access_after(position) == {str(alice.pk), str(bob.pk)}
    head = log.number().head
    assert log.access_after(position) == {str(alice.pk), str(bob.pk)}
    assert log.access_after(head) == frozenset()
