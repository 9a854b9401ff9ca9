"""The front page with a filter: the streams and kinds that it shows."""

import html
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.filters import Filter
from feed.models import Comment, Event, StatusChange
from tests.conftest import logged_in
from tests.support.audiences import team
from tests.support.markup import elements

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(alice: User) -> User:
    """Bob, who has commented on alice's first post and posted himself; and alice has commented, too."""
    bob = User.objects.create_user("bob")
    first = StatusChange.objects.create(user=alice, text="alice's post")
    StatusChange.objects.create(user=bob, text="bob's post")
    Comment.objects.create(user=bob, thread=first, text="bob's comment")
    Comment.objects.create(user=alice, thread=first, text="alice's comment")
    return bob


def shown(response: Any) -> list[str]:
    """The texts on the page, newest first."""
    assert response.status_code == 200
    page = response.content.decode()
    found = [each for each in elements(page) if each.tag == "article"]
    ids = [int(each.attributes["data-id"]) for each in found]
    events = {event.pk: event for event in Event.objects.filter(pk__in=ids)}
    return [getattr(events[pk], "text", "joined") for pk in ids]


def watched(response: Any) -> list[str]:
    (live,) = [each for each in elements(response.content.decode()) if each.attributes.get("id") == "live"]
    return parse_qs(urlsplit(live.attributes["hx-ws:connect"]).query)["stream"]


@pytest.mark.parametrize(
    ("query", "texts", "streams"),
    [
        ("stream=kind:comment", ["alice's comment", "bob's comment"], ["kind:comment"]),
        ("stream=user:bob", ["bob's comment", "bob's post", "joined"], ["user:bob"]),
        (
            "stream=user:bob&stream=kind:comment",
            ["alice's comment", "bob's comment", "bob's post", "joined"],
            ["kind:comment", "user:bob"],
        ),
        ("stream=user:bob&kinds=comment", ["bob's comment"], ["user:bob"]),
        ("kinds=comment", ["alice's comment", "bob's comment"], ["kind:comment"]),
        ("stream=public&stream=user:bob&kinds=comment", ["alice's comment", "bob's comment"], ["kind:comment"]),
        (
            "stream=user:bob&stream=user:alice&kinds=comment",
            ["alice's comment", "bob's comment"],
            ["user:alice", "user:bob"],
        ),
    ],
)
def test_the_page_shows_and_watches_what_is_chosen(
    bob: User, client: Client, query: str, texts: list[str], streams: list[str]
) -> None:
    response = client.get(f"/?{query}")
    assert (shown(response), watched(response)) == (texts, streams)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("stream=nonsense:1", 404),
        ("stream=user:nobody", 404),
        ("stream=kind:nothing", 404),
        ("stream=user:alice&kinds=nothing", 404),
        ("stream=user:alice&kinds=No%00thing", 404),
        ("stream=only:alice", 403),
        ("stream=user:%00", 404),
        ("&".join(f"stream=user:{number}" for number in range(101)), 400),
    ],
)
def test_what_cannot_be_shown_is_refused(alice: User, client: Client, query: str, status: int) -> None:
    assert client.get(f"/?{query}").status_code == status


def test_a_filter_never_shows_what_its_user_may_not_see(alice: User, teams: None) -> None:
    audience = team(alice)
    StatusChange.objects.create(user=alice, text="Secret", audience=audience)
    outsider = logged_in(User.objects.create_user("outsider"))
    for query in ("stream=user:alice", "kinds=status_change", "stream=user:alice&kinds=status_change"):
        assert "Secret" in shown(logged_in(alice).get(f"/?{query}"))
        assert "Secret" not in shown(outsider.get(f"/?{query}"))
    assert outsider.get(f"/?stream={audience}").status_code == 403
    assert shown(logged_in(alice).get(f"/?stream={audience}")) == ["Secret"]


def test_older_pages_keep_the_filter(bob: User, client: Client) -> None:
    """Also if nearly all of a person's events are of other kinds."""
    first = StatusChange.objects.get(user__username="alice")
    for number in range(70):
        Comment.objects.create(user=bob, thread=first, text=str(number))
        StatusChange.objects.create(user=bob, text="between")
    texts: list[str] = []
    path: str | None = "/?stream=user:bob&kinds=comment"
    while path:
        response = client.get(path)
        assert watched(response) == ["user:bob"]
        texts += shown(response)
        (older,) = [each for each in elements(response.content.decode()) if each.attributes.get("id") == "older"]
        path = f"/{html.unescape(older.attributes['href'])}" if "href" in older.attributes else None
    assert texts == [*map(str, reversed(range(70))), "bob's comment"]


def test_the_form_leads_to_a_person(bob: User, client: Client) -> None:
    assert client.get("/?person=Bob").headers["Location"] == "/?stream=user%3Abob"
    assert client.get("/?person=bob&kinds=comment").headers["Location"] == "/?stream=user%3Abob&kinds=comment"
    both = client.get("/?stream=user:alice&person=bob").headers["Location"]
    assert both == "/?stream=user%3Aalice&stream=user%3Abob"


@pytest.mark.parametrize("name", ["bo", "nobody", "a\0b", "/", "x" * 3000])
def test_for_somebody_unknown_the_form_leads_to_the_search(bob: User, client: Client, name: str) -> None:
    response = client.get("/", {"person": name})
    assert response.headers["Location"].startswith("/search/?q=")
    assert client.get(response.headers["Location"]).status_code == 200


def test_each_choice_is_one_click_away_and_another_click_undoes_it(bob: User, client: Client) -> None:
    for before in (Filter(), Filter(frozenset(["user:bob"]))):
        choice = next(each for each in before.by_kind() if each.label == "Comments")
        assert not choice.is_chosen
        response = client.get(f"/{choice.query}")
        assert "aria-current" in response.content.decode()
        after = response.wsgi_request.GET
        back = next(each for each in Filter.parse(after).by_kind() if each.label == "Comments")
        assert (back.is_chosen, back.query) == (True, before.query)
    (person,) = Filter(frozenset(["user:bob"]), frozenset(["comment"])).by_stream()
    assert person == ("bob", "?stream=kind%3Acomment", True)


def test_without_a_filter_nothing_is_checked(alice: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The front page takes no query more than it did."""

    def check(*arguments: object) -> None:
        pytest.fail("It asked whether the stream exists.")

    monkeypatch.setattr("feed.streams.check", check)
    assert client.get("/").status_code == 200
