"""The list of people, their pages under any spelling, tabs and counts, and the greeting."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed.models import Comment, StatusChange
from profiles import tabs
from profiles.models import UserProfile
from tests.conftest import logged_in
from tests.profiles.people import sign_up
from tests.support.markup import elements

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def names(client: Client, path: str = "/people/") -> list[str]:
    return [each.text for each in elements(page(client, path)) if each.attributes.get("class") == "name" and each.text]


def test_the_newest_people_are_first_and_who_is_inactive_is_left_out(client: Client) -> None:
    for name in ("alice", "bob", "carol"):
        User.objects.create_user(name, is_active=name != "bob")
    UserProfile.objects.filter(user__username="alice").update(display_name="Alice Example", bio="I like rivers. " * 9)
    assert names(client) == ["carol", "Alice Example"]
    html = page(client, "/people/")
    assert "@alice" in html
    assert "I like rivers. I like" in html
    assert "I like rivers. " * 6 not in html


@pytest.mark.parametrize("wanted", ["al", "AL", "@al", "alice ex", " Alice  Ex "])
def test_people_are_found_by_the_beginning_of_their_handle_or_name(client: Client, wanted: str) -> None:
    for name in ("alice", "bob", "malice"):
        User.objects.create_user(name)
    UserProfile.objects.filter(user__username="alice").update(display_name="Alice Example")
    assert names(client, f"/people/?q={wanted}") == ["Alice Example"]


@pytest.mark.parametrize("wanted", ["zoe", "%25", "_", "%00", "<script>", "x" * 500])
def test_what_nobody_is_called_finds_nobody(client: Client, alice: User, wanted: str) -> None:
    html = page(client, f"/people/?q={wanted}")
    assert "There is nobody" in html or wanted == "%00"
    assert "<script>" not in html


def test_the_list_goes_on_with_older_people(client: Client) -> None:
    for number in range(32):
        User.objects.create_user(f"user{number}")
    assert names(client) == [f"user{number}" for number in range(31, 1, -1)]
    (more,) = (each for each in elements(page(client, "/people/")) if each.text == "More people")
    assert names(client, f"/people/{more.attributes['href']}") == ["user1", "user0"]


def test_the_list_costs_no_query_for_each_person(client: Client, django_assert_num_queries: Any) -> None:
    for number in range(9):
        User.objects.create_user(f"user{number}")
    with django_assert_num_queries(1):
        assert len(names(client)) == 9


def test_another_spelling_leads_to_the_persons_page(client: Client, alice: User) -> None:
    response = client.get("/people/Alice/")
    assert (response.status_code, response.headers["Location"]) == (301, "/people/alice/")
    User.objects.create_user("ALICE")
    assert client.get("/people/Alice/").status_code == 404
    assert client.get("/people/ALICE/").status_code == 200
    alice.delete()
    assert client.get("/people/nobody/").status_code == 404


def test_tabs_show_the_events_of_one_kind(client: Client, hello: StatusChange, alice: User) -> None:
    Comment.objects.create(user=alice, thread=hello, text="Hi!")
    posts, comments = (page(client, f"/people/alice/?kinds={kind}") for kind in ("status_change", "comment"))
    rows = [[kind in html for kind in ('"event status_change ', '"event comment ')] for html in (posts, comments)]
    assert rows == [[True, False], [False, True]]
    (current,) = (each for each in elements(comments) if each.attributes.get("aria-current") == "page")
    assert current.text == "Comments"
    for kind in ("nonsense", "reaction"):
        assert client.get(f"/people/alice/?kinds={kind}").status_code == 404


def test_counts_are_of_what_the_reader_may_see(
    client: Client, as_alice: Client, hello: StatusChange, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Comment.objects.create(user=alice, thread=hello, text="Hi!")
    StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    assert "<b>1</b> post<" in page(client, "/people/alice/")
    assert "<b>1</b> comment<" in page(client, "/people/alice/")
    assert "<b>2</b> posts" in page(as_alice, "/people/alice/")
    monkeypatch.setattr(tabs, "MAX_COUNTED", 2)
    assert "<b>1+</b> post<" in page(as_alice, "/people/alice/")


def test_the_portrait_is_the_same_for_all_readers(client: Client, as_alice: Client) -> None:
    def portrait(of: str) -> str:
        return of[of.index('<section id="portrait"') :].partition("</section>")[0]

    assert portrait(page(client, "/people/alice/")) == portrait(page(as_alice, "/people/alice/"))
    assert "Edit your profile" in page(as_alice, "/people/alice/")
    assert "Edit your profile" not in page(client, "/people/alice/")


def test_a_user_who_has_signed_up_is_greeted_until_they_close_it(client: Client, alice: User, as_bob: Client) -> None:
    sign_up(client, "carol")
    html = page(client, "/")
    assert "Welcome, carol" in html
    assert html.index("Whom to follow") < html.index('href="/people/alice/"') < html.index('id="compose"')
    assert "Welcome, " not in page(as_bob, "/")
    assert client.post("/profile/greeting/").status_code == 302
    assert "Welcome, carol" not in page(client, "/")
    assert logged_in(User.objects.get(username="carol")).post("/profile/greeting/").status_code == 302


def test_a_sign_up_leads_back_to_the_page_that_asked_for_it(client: Client) -> None:
    assert 'href="/accounts/signup/?next=/events/1/"' in page(client, "/accounts/login/?next=/events/1/")
    assert 'name="next" value="/events/1/"' in page(client, "/accounts/signup/?next=/events/1/")
    assert sign_up(client, "alice", next="/events/1/").headers["Location"] == "/events/1/"
    for number, evil in enumerate(("https://evil.example/", "//evil.example", "/accounts/signup/")):
        assert sign_up(Client(), f"user{number}", next=evil).headers["Location"] == "/"


def test_looking_for_people_is_limited(client: Client, alice: User, settings: Settings) -> None:
    settings.FEED_READ_LIMIT = "5/minute"
    assert client.get("/people/?q=al").status_code == 200
    refused = client.get("/people/?q=al")
    assert refused.status_code == 429
    assert "Retry-After" in refused
    assert client.get("/people/").status_code == 200


def test_a_card_shows_a_person_in_short(client: Client, as_bob: Client, alice: User) -> None:
    UserProfile.objects.filter(user=alice).update(display_name="Alice Example", bio="I like rivers.")
    part = {"HX-Request": "true"}
    html = as_bob.get("/people/alice/card/", headers=part).content.decode()
    assert all(text in html for text in ("Alice Example", "@alice", "I like rivers.", 'aria-label="Follow alice"'))
    assert "<html" not in html
    assert as_bob.get("/people/alice/card/").headers["Location"] == "/people/alice/", "A link to it is a link to her."
    assert [client.get(f"/people/{name}/card/", headers=part).status_code for name in ("alice", "nobody")] == [200, 404]


def test_the_search_finds_people_by_the_name_that_they_have_chosen(client: Client, alice: User, bob: User) -> None:
    UserProfile.objects.filter(user=alice).update(display_name="Zoë Example")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    UserProfile.objects.filter(user=bob).update(display_name="Zoë Elsewhere")
    found = page(client, "/search/?q=Zo%C3%AB")
    assert "Zoë Example" in found
    assert "Zoë Elsewhere" not in found
