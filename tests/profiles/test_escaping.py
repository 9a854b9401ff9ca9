"""Whatever people write about themselves and others, no page takes it for markup. Saved without the forms."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.http import urlencode

from feed.models import Comment, Reaction, StatusChange
from feed.testing import FeedWatcher
from profiles.models import Follow, UserProfile
from profiles.muting import mute
from profiles.report import report
from tests.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.database]

HOSTILE = "\"'><script>alert(1)</script>"


@pytest.fixture
def mallory(alice: User, hello: StatusChange) -> User:
    """Mallory, all of whose texts and names are markup."""
    mallory = User.objects.create_user(f"{HOSTILE} mallory")
    UserProfile.objects.filter(user=mallory).update(
        display_name=HOSTILE, bio=HOSTILE, website="javascript:alert(1)//" + HOSTILE, picture=HOSTILE[:32]
    )
    post = StatusChange.objects.create(
        user=mallory, text=f"{HOSTILE} @alice ```{HOSTILE}``` https://a.example/{HOSTILE}"
    )
    for thread in (hello, post, Comment.objects.create(user=mallory, thread=hello, text=HOSTILE)):
        Comment.objects.create(user=mallory, thread=thread, text=HOSTILE)
        Reaction.objects.bulk_create([Reaction(user=mallory, about=thread, emoji=HOSTILE[:16])])
    Follow.objects.create(user=mallory, followed=alice)
    return mallory


def paths(mallory: User, hello: StatusChange) -> list[str]:
    query, person = urlencode({"q": HOSTILE}), UserProfile.objects.get(user=mallory).get_absolute_url()
    post = StatusChange.objects.get(user=mallory).pk
    return [
        *(
            "/",
            "/for-you/",
            "/people/",
            "/profile/muted/",
            "/feed.atom",
            "/profile/",
            "/api/events/",
            "/?stream=kind:comment",
        ),
        *(f"/events/{pk}/{part}" for pk in (hello.pk, post) for part in ("", "react/", "more/")),
        *(f"/events/{post}/{part}" for part in ("report/", "delete/")),
        *(person, f"{person}followers/", f"{person}following/", "/people/alice/followers/"),
        *(f"{path}?{query}" for path in ("/search/", "/people/", "/people.json")),
        f"/?{urlencode({'stream': f'user:{mallory.username}'})}",
        f"/events/{post}/react/?{urlencode({'emoji': HOSTILE})}",
        f"/accounts/login/?{urlencode({'next': '/' + HOSTILE})}",
        f"/accounts/signup/?{urlencode({'next': '/' + HOSTILE})}",
    ]


def test_no_page_takes_names_and_texts_for_markup(mallory: User, alice: User, hello: StatusChange) -> None:
    report(alice, StatusChange.objects.get(user=mallory).pk, HOSTILE)
    alice.is_staff = alice.is_superuser = True
    alice.save()
    mute(alice, thread=StatusChange.objects.get(user=mallory))
    for client in (Client(), logged_in(alice), logged_in(mallory)):
        for path in paths(mallory, hello):
            response = client.get(path, follow=True)
            is_json = response["Content-Type"].startswith("application/json")
            assert response.status_code < 500, path
            assert is_json or "<script>alert" not in response.content.decode(), path
            assert 'href="javascript:' not in response.content.decode(), path


def test_no_frame_takes_names_and_texts_for_markup(mallory: User, feed_watcher: Callable[..., FeedWatcher]) -> None:
    html = feed_watcher(after=0, format="html").html()
    assert "alert(1)" in html
    assert "<script>alert" not in html
