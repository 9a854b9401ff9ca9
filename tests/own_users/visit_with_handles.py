"""Visits the pages as a new user, whom others know by a handle. A program, to be run with these settings."""

from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from feed.models import Event, StatusChange  # noqa: E402
from tests.own_users.models import Person  # noqa: E402

PASSWORD = "correct horse battery"
FIELDS = {"email": "alice@rill.example", "town": "Kathmandu", "password1": PASSWORD, "password2": PASSWORD}


def new_client() -> Client:
    return Client(headers={"host": "localhost"})


def main() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    client = sign_up()
    assert client.post("/events/", {"text": "Hello", "key": "k1"}).status_code == 302
    edit_profile(client)
    see_only_the_handle()
    log_in_with_the_address(client)
    search_in_the_admin()
    call_command("simulate", count=3, rate=1000, people=2)
    assert Person.objects.filter(handle__in=("ada", "bela")).count() == 2


def sign_up() -> Client:
    client = new_client()
    for refused in ("", "..", "\u0430lice", "System"):
        assert client.post("/accounts/signup/", FIELDS | {"handle": refused}).status_code == 422, refused
    assert client.post("/accounts/signup/", FIELDS | {"handle": "alice"}).status_code == 302
    for taken in ({"handle": "ALICE", "email": "bob@rill.example"}, {"handle": "bob", "email": "ALICE@rill.example"}):
        assert new_client().post("/accounts/signup/", FIELDS | taken).status_code == 422, taken
    return client


def edit_profile(client: Client) -> None:
    done = client.post("/profile/", {"bio": "I climb."})
    assert (done.status_code, done.headers["Location"]) == (302, "/people/alice/")
    assert 'data-user="alice"' in client.get("/profile/").content.decode()


def see_only_the_handle() -> None:
    """Somebody who isn't logged in sees alice's posts, her page and her stream, and never her address."""
    paths = ["/", "/people/alice/", f"/events/{StatusChange.objects.get().pk}/"]
    for path in [*paths, "/api/events/", "/api/events/?stream=user:alice"]:
        seen = new_client().get(path).content.decode()
        assert "alice" in seen, path
        assert "rill.example" not in seen, path
    events = new_client().get("/api/events/?stream=user:alice").json()["events"]
    assert [(event["user"], event["summary"]) for event in events] == [
        ("alice", "alice has changed their profile"),
        ("alice", "alice: Hello"),
        ("alice", "alice has joined"),
    ]
    assert Event.objects.get(kind="welcome").user.profile.get_absolute_url() == "/people/alice/"
    assert new_client().get("/people/alice@rill.example/").status_code == 404


def log_in_with_the_address(client: Client) -> None:
    other = client.post("/events/", {"text": "Mine", "key": "k2", "as": "somebody else"})
    assert "You are logged in as alice now." in other.content.decode()
    form = {"username": "alice@rill.example", "password": PASSWORD}
    assert new_client().post("/accounts/login/", form | {"username": "alice"}).status_code == 422
    assert new_client().post("/accounts/login/", form).status_code == 302


def search_in_the_admin() -> None:
    client = new_client()
    root: Any = Person.objects.create_superuser("root@rill.example", handle="root", town="Pokhara")
    client.force_login(root)
    for path in ("feed/event/", "feed/statuschange/", "profiles/userprofile/"):
        found = client.get(f"/admin/{path}?q=alice").content.decode()
        assert "alice" in found.split("result_list")[-1], path
        assert "root" not in found.split("result_list")[-1], path
    assert client.get("/admin/feed/statuschange/add/").status_code == 200


main()
