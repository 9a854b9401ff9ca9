"""Visits the pages as a new user. A program, to be run with these settings."""

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from feed.models import Event, StatusChange  # noqa: E402
from tests.own_users.models import Person  # noqa: E402

PASSWORD = "correct horse battery"


def main() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    client = Client(headers={"host": "localhost"})
    fields = {"email": "alice@rill.example", "town": "Kathmandu", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", {**fields, "town": ""}).status_code == 422
    assert client.post("/accounts/signup/", fields).status_code == 302
    assert Client(headers={"host": "localhost"}).post("/accounts/signup/", fields).status_code == 422
    alice = Person.objects.get(email="alice@rill.example")
    own_page = Event.objects.get(kind="welcome").user.profile.get_absolute_url()
    for path in ("/", own_page, "/profile/", "/admin/login/", "/api/events/"):
        assert client.get(path).status_code == 200, path
    posted = {"text": "Hello", "key": "k1", "as": str(alice.pk)}
    for _ in range(2):
        assert client.post("/events/", posted).status_code == 302
    assert StatusChange.objects.count() == 1
    assert "Hello" in client.get(own_page).content.decode()
    assert client.post("/accounts/logout/", {"as": str(alice.pk)}).status_code == 302
    assert client.post("/accounts/login/", {"username": "ALICE", "password": PASSWORD}).status_code == 422
    assert client.post("/accounts/login/", {"username": alice.email, "password": PASSWORD}).status_code == 302
    call_command("simulate", count=3, rate=1000, people=2)


main()
