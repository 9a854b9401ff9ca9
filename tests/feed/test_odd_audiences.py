"""Audiences of an app that are many, can't be named, or fail."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import StatusChange
from feed.streams import audiences_of
from tests.support.audiences import team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("teams")]


def test_a_user_of_thousands_of_audiences_can_ask_for_many_of_them(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.audiences.Team.keys_for", lambda self, user: range(8000))
    StatusChange.objects.create(user=alice, text="Ours", audience="team:5")
    query = "&".join(f"stream=team:{key}" for key in range(100))
    assert [event["text"] for event in as_alice.get(f"/api/events/?{query}").json()["events"]] == ["Ours"]


@pytest.mark.parametrize("key", ["", "x" * 151, "\0"])
def test_a_key_that_no_event_can_have_is_left_out(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("tests.support.audiences.Team.keys_for", lambda self, user: [key, 7])
    assert audiences_of(alice) == {"public", "only:alice", "followers:alice", "to:alice", "team:7", "secret:7"}
    response = as_alice.post("/events/", {"text": "Hello", "audience": f"team:{key}"})
    assert response.status_code == 422


def test_the_form_names_an_audience_that_can_not_be_labelled(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = team(alice)
    monkeypatch.setattr("tests.support.audiences.Team.label", lambda self, key: 1 / 0)
    assert f'<option value="{name}">{name}</option>' in as_alice.get("/").content.decode()
