"""Where `home` is shown, and what it costs."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed import streams
from feed.frames.entries import Entry
from feed.hub.polling import Kept
from feed.hub.tail import Tail
from feed.hub.watcher import Access, Watcher
from feed.models import Event
from profiles.following import follow
from tests.conftest import logged_in
from tests.feed.conftest import closed_hub  # noqa: F401 (a fixture)
from tests.profiles.test_home import post, snapshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

live = pytest.mark.usefixtures("closed_hub")


@pytest.mark.django_db(transaction=False)
def test_all_who_follow_the_author_share_a_frame() -> None:
    def watcher(*followed: str) -> Watcher:
        audiences = frozenset(["public", *(f"followers:{name}" for name in followed)])
        found = Watcher(frozenset(["home"]), "json", Kept(), epoch="k3x9", access=Access("1", audiences))
        found.advance(0, 1)
        return found

    tail = Tail()
    tail.restart("k3x9", 0)
    place = frozenset(["public", "user:alice"])
    tail.append([Entry(1, "created", 17, "status_change", place, encoded={"json": '{"id": 17}'})], 10, 1000)
    keys = [tail.frame_key(watcher(*followed)) for followed in (["alice"], ["alice", "bob"], ["bob"], [])]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert '"id": 17' in tail.frame(watcher("alice")).text
    assert '"id": 17' not in tail.frame(watcher("bob")).text


def test_the_api_shows_home(alice: User, bob: User, carol: User, client: Client) -> None:
    follow(bob, alice)
    post(carol, "Not for him")
    post(alice, "Hello", "followers:alice")
    response = logged_in(bob).get("/api/events/?stream=home").json()
    assert "Hello" in str(response)
    assert "Not for him" not in str(response)
    refused = client.get("/api/events/?stream=home")
    assert (refused.status_code, refused.json()["code"]) == (401, "login_needed")


def test_the_page_shows_home(alice: User, as_bob: Client, carol: User, client: Client) -> None:
    follow(User.objects.get(username="bob"), alice)
    for number in range(40):
        post(alice, f"Hello {number}")
        post(carol, "Not for him")
    html = as_bob.get("/?stream=home").content.decode()
    assert "Hello 39" in html
    assert "Not for him" not in html
    assert "stream=home" in html.partition("hx-ws:connect")[2][:80]
    older = html.partition('id="older" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert older.startswith("?stream=home&before=")
    assert "Hello 9" in as_bob.get(f"/{older}").content.decode()
    assert client.get("/?stream=home")["Location"].startswith("/accounts/login/?next=/%3Fstream")
    assert as_bob.get("/?stream=nothing").status_code == 404


def test_a_user_who_follows_nobody_is_told_whom_to_follow(alice: User, as_bob: Client) -> None:
    assert "Whom to follow" in as_bob.get("/?stream=home").content.decode()
    follow(User.objects.get(username="bob"), alice)
    assert "Whom to follow" not in as_bob.get("/?stream=home").content.decode()


@pytest.mark.parametrize("count", [3, 80])
def test_the_newest_of_many_are_the_newest(bob: User, count: int) -> None:
    """With more authors than events on a page, and more audiences than a statement names one by one."""
    authors = [User.objects.create_user(f"user{number}") for number in range(count)]
    others = [User.objects.create_user(f"other{number}") for number in range(3)]
    for author in authors:
        follow(bob, author)
    for number in range(4):
        for author in (*others, *authors[:: number + 1]):
            post(author, "public")
            post(author, "for followers", f"followers:{author}")
            post(author, "for nobody else", f"only:{author}")
    seen = Event.rows.visible_to(bob).filter(user__in=[bob, *authors]).newest()
    assert len(seen) > 10
    audiences = streams.audiences_of(bob)
    for before in (None, seen[5].pk):
        for size in (1, 5, 30):
            home = streams.newest(Event.rows.all(), ["home"], before, size, audiences)
            assert home == list(seen.before(before)[:size])
            welcomes = streams.newest(Event.rows.all(), ["home"], before, size, audiences, kinds=["welcome"])
            assert welcomes == list(seen.filter(kind="welcome").before(before)[:size])
            public = streams.newest(Event.rows.all(), ["public"], before, size, audiences)
            assert public == list(Event.rows.visible_to(bob).newest().before(before)[:size])


def test_home_takes_as_many_queries_for_many_as_for_few(bob: User) -> None:
    counted = []
    for number in range(70):
        author = User.objects.create_user(f"user{number}")
        post(author, "Hello")
        follow(bob, author)
        with CaptureQueriesContext(connection) as queries:
            snapshot(bob)
        counted.append(len(queries))
    assert max(counted) <= counted[0] + 2
