"""A new user gets a profile and a welcome."""

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from feed.log import Change
from feed.models import Event
from profiles.models import UserProfile, Welcome

pytestmark = pytest.mark.django_db


def is_welcomed(name: str) -> bool:
    user = User.objects.get(username=name)
    profiles, welcomes = UserProfile.objects.filter(user=user), Welcome.objects.filter(user=user)
    return (profiles.count(), welcomes.count()) == (1, 1)


def test_a_user_made_in_a_shell_is_welcomed() -> None:
    User.objects.create_user("alice")
    assert is_welcomed("alice")


def test_a_user_made_by_createsuperuser_is_welcomed() -> None:
    call_command("createsuperuser", interactive=False, username="root", email="root@example.com")
    assert is_welcomed("root")


def test_a_user_who_signs_up_is_welcomed(client: Client) -> None:
    response = client.post(
        "/accounts/signup/", {"username": "alice", "password1": "correct horse", "password2": "correct horse"}
    )
    assert response.status_code == 302
    assert is_welcomed("alice")


def test_a_user_made_in_the_admin_is_welcomed(admin_client: Client) -> None:
    fields = {
        "username": "alice",
        "usable_password": "true",
        "password1": "correct horse",
        "password2": "correct horse",
    }
    response = admin_client.post("/admin/auth/user/add/", fields)
    assert response.status_code == 302
    assert is_welcomed("alice")


def test_a_user_who_is_saved_again_is_welcomed_once() -> None:
    alice = User.objects.create_user("alice")
    alice.first_name = "Alice"
    alice.save()
    assert is_welcomed("alice")


def test_a_user_loaded_from_a_fixture_is_not_welcomed() -> None:
    alice = User.objects.create_user("alice")
    fixture = serializers.serialize("json", [alice])
    alice.delete()
    Change.objects.all().delete()
    for each in serializers.deserialize("json", fixture):
        each.save()
    assert User.objects.get().username == "alice"
    assert UserProfile.objects.count() == Event.objects.count() == Change.objects.count() == 0


@pytest.fixture
def failing_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every welcome fails when it is saved already."""

    def fail(self: Welcome) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(Welcome, "streams", fail)


@pytest.mark.database
@pytest.mark.usefixtures("failing_welcome", "lenient")
def test_a_welcome_that_fails_does_not_fail_the_save_of_the_user(caplog: pytest.LogCaptureFixture) -> None:
    users = [User.objects.create_user(name) for name in ("alice", "bob")]
    assert list(User.objects.order_by("pk")) == users
    assert UserProfile.objects.count() == Event.objects.count() == Change.objects.count() == 0
    (record,) = caplog.records
    assert record.getMessage().startswith("Failed to welcome a new user")
    assert record.exc_info


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("lenient")
def test_a_welcome_that_the_database_refuses_leaves_the_transaction_usable() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE profiles_userprofile RENAME TO profiles_elsewhere")
    try:
        with transaction.atomic():
            User.objects.create_user("alice")
            User.objects.create_user("bob")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE profiles_elsewhere RENAME TO profiles_userprofile")
    assert User.objects.count() == 2


@pytest.mark.usefixtures("failing_welcome")
def test_a_strict_welcome_that_fails_fails_the_save_of_the_user() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        User.objects.create_user("alice")
    assert not User.objects.exists()


def test_the_welcome_is_recorded_and_names_the_user() -> None:
    User.objects.create_user("alice")
    welcome = Welcome.objects.get()
    assert (welcome.kind, str(welcome)) == ("welcome", "alice has joined")
    change = Change.objects.get()
    assert (change.action, change.event_id) == ("created", welcome.pk)
    assert change.streams[:3] == ["public", "user:alice", "kind:welcome"]
