"""A new user gets a profile and a welcome."""

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
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


def test_the_welcome_is_recorded_and_names_the_user() -> None:
    User.objects.create_user("alice")
    welcome = Welcome.objects.get()
    assert (welcome.kind, str(welcome)) == ("welcome", "alice has joined")
    change = Change.objects.get()
    assert (change.action, change.event_id) == ("created", welcome.pk)
    assert change.streams[:3] == ["public", "user:alice", "kind:welcome"]
