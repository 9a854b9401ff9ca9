"""Atom feeds, which show every reader what anybody may see."""

from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed.models import Comment, StatusChange

pytestmark = pytest.mark.django_db

NAMES = {"": "http://www.w3.org/2005/Atom"}


def titles(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/feed.atom{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(response.content)  # noqa: S314 (our own)
    return [entry.findtext("title", "", NAMES) for entry in feed.findall("entry", NAMES)]


def test_each_stream_has_a_feed(client: Client, alice: User, hello: StatusChange) -> None:
    bob = User.objects.create_user("bob")
    Comment.objects.create(user=bob, thread=hello, text="Hi")
    comment = f"bob on #{hello.pk}: Hi"
    assert titles(client)[0] == comment
    assert titles(client, "?stream=kind:comment") == [comment]
    assert titles(client, f"?stream=thread:{hello.pk}") == [comment, "alice: Hello"]
    assert "alice: Hello" in titles(client, "?stream=user:alice")
    assert "alice: Hello" not in titles(client, "?stream=user:bob")


def test_an_entry_tells_who_wrote_what_and_where(client: Client, hello: StatusChange) -> None:
    StatusChange.objects.filter(pk=hello.pk).update(text="Look:\nhttps://example.com/ <b>")
    feed = ElementTree.fromstring(client.get("/feed.atom").content)  # noqa: S314
    entry = feed.find("entry", NAMES)
    assert entry is not None
    assert entry.findtext("author/name", "", NAMES) == "alice"
    link = entry.find("link", NAMES)
    assert link is not None
    assert link.get("href") == f"http://testserver/events/{hello.pk}/"
    content = entry.findtext("summary", "", NAMES)
    assert content.startswith("Look:<br>\n<a href=")
    assert content.endswith("&lt;b&gt;")
    assert feed.findtext("title", "", NAMES) == "Rill"


def test_even_alice_gets_only_what_anybody_may_see(as_alice: Client, hello: StatusChange) -> None:
    StatusChange.objects.create(user=hello.user, text="for me alone", audience="only:alice")
    assert "for me alone" in as_alice.get("/").content.decode()
    assert "for me alone" not in as_alice.get("/feed.atom").content.decode()
    secret = StatusChange.objects.create(user=hello.user, text="hidden", audience="only:alice")
    for stream, status in [("only:alice", 403), (f"thread:{secret.pk}", 404), ("nothing", 404), ("user:nobody", 404)]:
        assert as_alice.get("/feed.atom", {"stream": stream}).status_code == status, stream


def test_an_unchanged_feed_is_not_sent_again(client: Client, hello: StatusChange) -> None:
    first = client.get("/feed.atom")
    since = {"If-None-Match": first["ETag"]}
    assert client.get("/feed.atom", headers=since).status_code == 304
    hello.text = "Hello, world"
    hello.save()
    changed = client.get("/feed.atom", headers=since)
    assert changed.status_code == 200
    hello.delete()
    assert client.get("/feed.atom", headers={"If-None-Match": changed["ETag"]}).status_code == 200


def test_a_reader_that_remembers_only_the_time_is_answered_by_it(client: Client, hello: StatusChange) -> None:
    first = client.get("/feed.atom")
    assert client.get("/feed.atom", headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304


def test_characters_that_xml_does_not_have_do_not_break_the_feed(client: Client, alice: User) -> None:
    StatusChange.objects.create(user=alice, text="a\x01b\uffffc ]]> &")
    assert titles(client)[0] == "alice: a\ufffdb\ufffdc ]]> &"


def test_too_many_requests_are_refused(client: Client, settings: Settings) -> None:
    settings.FEED_READ_LIMIT = "2/minute"
    assert [client.get("/feed.atom").status_code for _ in range(3)] == [200, 200, 429]


def test_only_the_feed_is_needed(client: Client, alice: User, settings: Settings) -> None:
    StatusChange.objects.create(user=alice, text="Hello @bob")
    settings.ROOT_URLCONF = "tests.feed.only_feed_urls"
    settings.FEED_SITE_NAME = None
    response = client.get("/activity/feed.atom")
    assert "Hello @bob" in response.content.decode()
    assert "<title>testserver</title>" in response.content.decode()
