"""Reactions: one tap puts an emoji to an event, another takes it away."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed import log
from feed.frames import encoding
from feed.models import Comment, Reaction, StatusChange
from tests.feed.test_views import HTMX

pytestmark = pytest.mark.django_db
THUMB, HEART = "👍", "❤️"


def tap(client: Client, pk: int, emoji: str = THUMB, **headers: Any) -> Any:
    return client.post(f"/events/{pk}/react/", {"emoji": emoji}, **headers)


def test_bob_puts_a_thumb_to_alices_post_and_takes_it_away(as_bob: Client, bob: User, hello: StatusChange) -> None:
    assert tap(as_bob, hello.pk).headers["Location"] == f"/events/{hello.pk}/"
    reaction = Reaction.objects.get()
    assert (reaction.user, reaction.about_id, reaction.thread_id, reaction.emoji) == (bob, hello.pk, hello.pk, THUMB)
    tap(as_bob, hello.pk, HEART)
    tap(as_bob, hello.pk)
    assert [each.emoji for each in Reaction.objects.all()] == [HEART]


def test_the_answer_to_a_tap_is_the_new_count(as_bob: Client, hello: StatusChange) -> None:
    html = tap(as_bob, hello.pk, headers=HTMX).content.decode()
    assert f'id="tally-{hello.pk}"' in html
    assert '<span class="number">1</span>' in html


def test_a_reaction_to_a_comment_is_in_its_thread_and_has_its_audience(as_bob: Client, alice: User, bob: User) -> None:
    secret = StatusChange.objects.create(user=bob, text="Secret", audience="only:bob")
    comment = Comment.objects.create(user=alice, thread=secret, text="Hi!")
    tap(as_bob, comment.pk)
    reaction = Reaction.objects.get()
    assert (reaction.about_id, reaction.thread_id, reaction.audience) == (comment.pk, secret.pk, "only:bob")
    assert {f"thread:{secret.pk}", f"thread:{comment.pk}"} < set(reaction.streams())


@pytest.mark.parametrize("emoji", ["", "x", "👍👍", "<b>"])
def test_only_what_the_site_offers_can_be_put(as_bob: Client, hello: StatusChange, emoji: str) -> None:
    assert tap(as_bob, hello.pk, emoji).status_code == 422
    assert not Reaction.objects.exists()


def test_the_emoji_are_a_setting(as_bob: Client, hello: StatusChange, settings: Settings) -> None:
    settings.FEED_REACTIONS = ["🐟"]
    assert tap(as_bob, hello.pk).status_code == 422
    assert tap(as_bob, hello.pk, "🐟").status_code == 302


def test_an_outsider_can_react_to_nothing_that_is_hidden(client: Client, as_bob: Client, alice: User) -> None:
    secret = StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    assert tap(as_bob, secret.pk).status_code == 404
    assert as_bob.get(f"/events/{secret.pk}/react/").status_code == 404
    assert "login" in tap(client, secret.pk).headers["Location"]
    assert not Reaction.objects.exists()


def test_nobody_can_react_to_a_reaction(as_bob: Client, hello: StatusChange) -> None:
    tap(as_bob, hello.pk)
    assert tap(as_bob, Reaction.objects.get().pk).status_code == 404


def test_reactions_are_limited(as_bob: Client, hello: StatusChange, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/minute"
    assert tap(as_bob, hello.pk).status_code == 302
    assert tap(as_bob, hello.pk).status_code == 429
    assert Reaction.objects.count() == 1


def test_a_reaction_is_no_row_of_a_page(as_bob: Client, hello: StatusChange) -> None:
    tap(as_bob, hello.pk)
    reaction = Reaction.objects.get()
    for path in ("/", f"/events/{hello.pk}/", "/people/bob/"):
        html = as_bob.get(path).content.decode()
        assert f"event-{reaction.pk}" not in html
    assert as_bob.get(f"/events/{reaction.pk}/").headers["Location"] == f"/events/{hello.pk}/#event-{hello.pk}"
    assert f'data-reacted="{hello.pk}:{THUMB}"' in as_bob.get("/").content.decode()


def test_programs_get_reactions_as_events(as_bob: Client, hello: StatusChange) -> None:
    tap(as_bob, hello.pk)
    newest = as_bob.get("/api/events/?limit=1").json()["events"][0]
    assert (newest["kind"], newest["about"], newest["emoji"]) == ("reaction", hello.pk, THUMB)


def test_a_hundred_taps_render_the_row_not_once(
    hello: StatusChange, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    log.number()
    start = log.state().head
    for number in range(100):
        Reaction.objects.create(user=User.objects.create_user(f"user{number}"), about=hello, emoji=THUMB)
    log.number()
    rendered = counted(monkeypatch, "feed.frames.formats.render_row")
    reactions = [change for change in log.read(start, log.state().head) if change.kind == "reaction"]
    entries = encoding.load_encoded(reactions, ["html"], 10**9)
    assert len(entries) == 100
    assert rendered == []
    assert {html for entry in entries for html in entry.tallies.values()} != set()
    assert '<span class="number">100</span>' in entries[-1].tallies[hello.pk].html


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[object]:
    calls: list[object] = []

    def count(event: object) -> str:
        calls.append(event)
        return ""

    monkeypatch.setattr(name, count)
    return calls


def test_everybody_who_sees_an_event_can_see_who_has_reacted(
    client: Client, alice: User, bob: User, hello: StatusChange
) -> None:
    for user in (alice, bob):
        Reaction.objects.create(user=user, about=hello, emoji=THUMB)
    answer = client.get(f"/events/{hello.pk}/react/who/", {"emoji": THUMB})
    assert answer.content.decode() == "bob, alice"
    assert client.get(f"/events/{hello.pk}/react/who/", {"emoji": HEART}).content == b""
    StatusChange.objects.filter(pk=hello.pk).update(audience="only:alice")
    assert client.get(f"/events/{hello.pk}/react/who/", {"emoji": THUMB}).status_code == 404
