"""In the admin, staff comment on what they may see."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from feed.models import Comment, StatusChange
from tests.conftest import logged_in

pytestmark = pytest.mark.django_db

ADD = "/admin/feed/comment/add/"


@pytest.fixture
def as_staff() -> Client:
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="feed"))
    return logged_in(staff)


@pytest.fixture
def private(alice: User) -> StatusChange:
    event: StatusChange = StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    return event


def test_a_private_event_is_answered_as_if_it_did_not_exist(as_staff: Client, private: StatusChange) -> None:
    for thread in (private.pk, 999):
        assert "alice" not in as_staff.get(f"{ADD}?thread={thread}").content.decode()
        response = as_staff.post(ADD, {"user": private.user_id, "text": "Hello", "thread": thread})
        assert "That choice is not one of the available choices." in response.content.decode()
    assert not Comment.objects.exists()


def test_staff_comment_on_a_public_event(as_staff: Client, hello: StatusChange) -> None:
    assert "alice: status change" in as_staff.get(f"{ADD}?thread={hello.pk}").content.decode()
    assert as_staff.get(f"{ADD}?thread=nonsense").status_code == 200
    as_staff.post(ADD, {"user": hello.user_id, "text": "Hello", "thread": hello.pk})
    assert Comment.objects.get().thread_id == hello.pk


def test_a_superuser_comments_on_any_event(admin_client: Client, private: StatusChange) -> None:
    admin_client.post(ADD, {"user": private.user_id, "text": "Hello", "thread": private.pk})
    assert Comment.objects.get().audience == "only:alice"


def test_the_form_of_a_comment_names_its_thread(as_staff: Client, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=hello.user, thread=hello, text="Hello")
    assert "alice: status change" in as_staff.get(f"/admin/feed/comment/{comment.pk}/change/").content.decode()
