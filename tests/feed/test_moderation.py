"""Staff delete the events of others where they are. It is recorded, and nobody else can."""

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from feed.log import Change
from feed.models import StatusChange
from tests.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def sam(db: None) -> User:
    """Sam, of the staff, who may delete events."""
    sam = User.objects.create_user("sam", is_staff=True)
    sam.user_permissions.add(Permission.objects.get(content_type__app_label="feed", codename="delete_event"))
    return sam


def test_staff_delete_the_event_of_somebody_else_and_the_admin_says_who_did_it(sam: User, hello: StatusChange) -> None:
    client = logged_in(sam)
    assert "Hello" in client.get(f"/events/{hello.pk}/delete/").content.decode()
    assert client.post(f"/events/{hello.pk}/delete/").status_code == 302
    assert not StatusChange.objects.exists()
    assert Change.objects.filter(action="deleted", event_id=hello.pk).exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.action_flag, entry.object_id) == (sam, DELETION, str(hello.pk))
    assert entry.object_repr == "alice: Hello"


def test_a_user_who_deletes_their_own_is_not_recorded(as_alice: Client, hello: StatusChange) -> None:
    assert as_alice.post(f"/events/{hello.pk}/delete/").status_code == 302
    assert not LogEntry.objects.exists()


def test_others_cannot_delete_it(client: Client, as_bob: Client, sam: User, hello: StatusChange) -> None:
    path = f"/events/{hello.pk}/delete/"
    without_permission = logged_in(User.objects.create_user("tom", is_staff=True))
    sam.is_staff = False
    sam.save()
    for outsider in (as_bob, without_permission, logged_in(sam)):
        assert [outsider.get(path).status_code, outsider.post(path).status_code] == [403, 403]
    assert client.post(path).headers["Location"].startswith("/accounts/login/")
    assert StatusChange.objects.get() == hello


def test_staff_cannot_edit_what_others_say(sam: User, hello: StatusChange) -> None:
    assert logged_in(sam).post(f"/events/{hello.pk}/edit/", {"text": "Owned"}).status_code == 403


def test_staff_cannot_delete_what_they_may_not_see(sam: User, alice: User) -> None:
    secret = StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    assert logged_in(sam).get(f"/events/{secret.pk}/delete/").status_code == 404


def test_only_staff_are_offered_it_and_the_admin(
    client: Client, as_bob: Client, sam: User, hello: StatusChange
) -> None:
    path = f"/events/{hello.pk}/more/"
    offered = [f'href="/events/{hello.pk}/delete/"', f'href="/admin/feed/event/{hello.pk}/change/"']
    assert all(each in logged_in(sam).get(path).content.decode() for each in offered)
    for other in (client, as_bob):
        assert not any(each in other.get(path).content.decode() for each in offered)
