"""What only alice may see is never for the next user with her name."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from feed import publish
from feed.log import Change
from feed.models import Comment, Event, StatusChange
from feed.streams import names
from tests.conftest import logged_in
from tests.feed.recorded import changes, forget_changes

pytestmark = [pytest.mark.django_db, pytest.mark.database]


class Employee(User):
    class Meta:
        proxy = True
        app_label = "auth"


names.connect()


def renamed(alice: User) -> None:
    alice.username = "anna"
    alice.save()


def renamed_by_that_field(alice: User) -> None:
    alice.username = "anna"
    alice.save(update_fields=["username"])


def renamed_by_a_proxy(alice: User) -> None:
    employee = Employee.objects.get(pk=alice.pk)
    employee.username = "anna"
    employee.save()


def deleted(alice: User) -> None:
    alice.delete()


@pytest.mark.parametrize("leave", [renamed, renamed_by_that_field, renamed_by_a_proxy, deleted])
def test_the_next_user_with_a_name_sees_nothing_of_the_one_before(alice: User, leave: Callable[[User], None]) -> None:
    publish("card_charged", audience="only:alice")
    mine = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    Comment.objects.create(user=alice, thread=mine, text="Mine, too")
    leave(alice)
    new_alice = User.objects.create_user("alice")
    assert not Event.objects.visible_to(new_alice).exclude(audience="public").exists()


def test_a_user_who_is_renamed_still_sees_what_was_theirs(alice: User) -> None:
    mine = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    renamed(alice)
    assert "Mine" in logged_in(alice).get(f"/events/{mine.pk}/").content.decode()
    mine.refresh_from_db()
    assert (mine.audience, mine.edited_at) == ("only:anna", None)


def test_a_new_name_is_a_change_of_access_and_other_saves_are_not(alice: User) -> None:
    forget_changes()
    alice.first_name = "Alice"
    alice.save()
    alice.save(update_fields=["last_login"])
    assert not Change.objects.exists()
    renamed(alice)
    assert [(change.action, change.streams) for change in Change.objects.all()] == [("access", [str(alice.pk)])]


def test_each_event_of_a_deleted_user_is_recorded_once(alice: User) -> None:
    """The comment of the system is deleted with her event, and what the system told her because of her name."""
    mine = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    comment = Comment.objects.create(thread=mine, text="Noted")
    told = publish("card_charged", audience="only:alice")
    forget_changes()
    alice.delete()
    deletions = [key for action, key, _ in changes() if action == "deleted"]
    assert sorted(deletions)[1:] == [mine.pk, comment.pk, told.pk], "After her welcome."
    assert not Event.rows.exists()


def test_the_deactivation_by_a_proxy_is_a_change_of_access(alice: User) -> None:
    employee = Employee.objects.get(pk=alice.pk)
    employee.is_active = False
    forget_changes()
    employee.save()
    assert [change.action for change in Change.objects.all()] == ["access"]
