"""What pages tell search engines, link previews, feed readers and terminals: what anybody may see, and no more."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import Comment, StatusChange
from tests.support.markup import Element, elements

pytestmark = pytest.mark.django_db


def page(client: Client, path: str) -> list[Element]:
    response = client.get(path)
    assert response.status_code == 200
    return elements(response.content.decode())


def told(client: Client, path: str) -> dict[str, str]:
    """The metadata of a page, by name."""
    metas = (each.attributes for each in page(client, path) if each.tag == "meta")
    named = {each.get("property") or each.get("name", ""): each.get("content", "") for each in metas}
    return {name: content for name, content in named.items() if name in ("description", "robots") or "og:" in name}


def links(client: Client, path: str) -> dict[str, str]:
    return {each.attributes["rel"]: each.attributes["href"] for each in page(client, path) if each.tag == "link"}


def test_the_front_page_is_described(client: Client) -> None:
    assert told(client, "/?utm_source=x") == {
        "description": "What people are up to, as it happens.",
        "og:title": "What people are up to",
        "og:description": "What people are up to, as it happens.",
        "og:type": "website",
        "og:url": "http://testserver/",
        "og:site_name": "Rill",
    }
    assert links(client, "/?utm_source=x")["canonical"] == "http://testserver/"
    assert links(client, "/")["alternate"] == "http://testserver/feed.atom"


def test_a_public_event_is_described_by_its_text(client: Client, hello: StatusChange) -> None:
    StatusChange.objects.update(text='One\ntwo "three" <b>' + " word" * 100)
    found = told(client, hello.get_absolute_url())
    assert found["og:title"].startswith('alice: One two "three" <b> word')
    assert found["description"].startswith('One two "three" <b> word')
    assert len(found["description"]) == 200
    assert (found["og:type"], found["og:url"]) == ("article", f"http://testserver/events/{hello.pk}/")
    assert links(client, hello.get_absolute_url())["alternate"].endswith(f"/feed.atom?stream=thread:{hello.pk}")


def test_a_person_is_described_by_their_bio(client: Client, alice: User) -> None:
    assert told(client, "/people/alice/")["description"] == "What alice is up to, as it happens."
    alice.profile.bio = "I like rivers."
    alice.profile.save()
    found = told(client, "/people/alice/")
    assert (found["og:title"], found["description"], found["og:type"]) == ("alice", "I like rivers.", "profile")
    assert links(client, "/people/alice/")["alternate"] == "http://testserver/feed.atom?stream=user:alice"


def test_what_not_everybody_may_see_is_not_described(as_alice: Client, alice: User) -> None:
    secret = StatusChange.objects.create(user=alice, text="for me alone", audience="only:alice")
    comment = Comment.objects.create(user=alice, thread=secret, text="a comment")
    thread = f"/events/{secret.pk}/"
    for path in (thread, f"{thread}?reply={comment.pk}"):
        assert told(as_alice, path) == {}
        assert {"canonical", "alternate"}.isdisjoint(links(as_alice, path))


def test_older_pages_are_not_described(client: Client, hello: StatusChange) -> None:
    for path in (f"/?before={hello.pk}", f"/people/alice/?before={hello.pk}"):
        assert told(client, path) == {"robots": "noindex"}


def test_other_pages_tell_only_what_the_site_is(client: Client) -> None:
    assert told(client, "/accounts/login/").keys() == {"description"}
    assert client.get("/nowhere/").status_code == 404


def commands(client: Client, path: str) -> list[str]:
    return [each.text for each in page(client, path) if each.tag == "code" and "id" in each.attributes]


def test_the_commands_for_a_terminal_follow_this_very_page(client: Client, hello: StatusChange) -> None:
    socket, api = commands(client, "/people/alice/")
    url = urlsplit(socket.removeprefix("wscat -c '").removesuffix("'"))
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path, query["stream"]) == ("ws", "testserver", "/ws/feed/", ["user:alice"])
    assert query["after"][0].isdigit()
    assert api == "curl 'http://testserver/api/events/?stream=user:alice'"
    assert client.get(api.split("'")[1]).json()["events"]


def test_no_name_ends_the_word_in_the_shell(client: Client) -> None:
    User.objects.create_user("a';reboot;'")
    for command in commands(client, "/people/a';reboot;'/"):
        assert command.count("'") == 2


def test_a_private_page_has_commands_without_secrets_and_no_atom_feed(as_alice: Client, alice: User) -> None:
    secret = StatusChange.objects.create(user=alice, text="for me alone", audience="only:alice")
    socket, _ = commands(as_alice, secret.get_absolute_url())
    assert f"stream=thread:{secret.pk}" in socket
    html = as_alice.get(secret.get_absolute_url()).content.decode()
    assert "feed.atom" not in html
    assert "a program has to log in" in html
