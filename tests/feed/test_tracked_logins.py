"""Log-ins and log-outs as events."""

import json
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

import feed
from feed.models import Activity

pytestmark = [
    pytest.mark.usefixtures("teams"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("empty_log"),
]


@pytest.fixture
def tracked_logins() -> Iterator[None]:
    stop = feed.track_logins()
    yield
    stop()


def test_alice_sees_her_log_ins_and_log_outs(alice: User, tracked_logins: None) -> None:
    client = Client()
    client.force_login(alice)
    client.logout()
    client.logout()
    events = Activity.objects.order_by("pk")
    assert [str(event) for event in events] == ["alice: logged in", "alice: logged out"]
    assert {(event.audience, event.user, json.dumps(event.data)) for event in events} == {("only:alice", alice, "{}")}


def test_log_ins_may_have_another_audience(alice: User) -> None:
    stop = feed.track_logins(audience=lambda user: f"team:{user.pk}")
    Client().force_login(alice)
    stop()
    Client().force_login(alice)
    assert [event.audience for event in Activity.objects.all()] == [f"team:{alice.pk}"]


@pytest.mark.usefixtures("lenient")
def test_a_log_in_that_can_not_be_published_succeeds(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    stop = feed.track_logins(audience="x" * 201)
    client = Client()
    client.force_login(alice)
    stop()
    assert "_auth_user_id" in client.session
    assert "An audience is a text of 1 to 200 characters" in caplog.text
