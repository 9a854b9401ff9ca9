"""What happened while somebody was away."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed import log
from feed.models import Comment, Reaction, StatusChange
from profiles.models import Follow
from profiles.muting import mute
from tests.conftest import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def since(alice: User, bob: User) -> dict[str, Any]:
    """Where the log ends now."""
    state = log.number()
    return {"after": state.head, "log": log.state().epoch}


def news(client: Client, since: dict[str, Any], **query: Any) -> str:
    log.number()
    answer = client.get("/away/", {**since, **query})
    assert answer.status_code == (200 if answer.content else 204)
    text = " ".join(re.sub("<[^>]*>", "", answer.content.decode()).split())
    return text.partition(":")[2].partition("Where")[0].strip()


def test_it_counts_what_is_new_by_kind(client: Client, alice: User, since: dict[str, Any]) -> None:
    posts = [StatusChange.objects.create(user=alice, text=str(number)) for number in range(3)]
    Comment.objects.create(user=alice, thread=posts[0], text="Hi!")
    Reaction.objects.create(user=alice, about=posts[0], emoji="👍")
    posts[1].delete()
    posts[0].save()
    assert news(client, since) == "2 posts, 1 comment"


def test_nothing_new_is_no_line(client: Client, alice: User, since: dict[str, Any], hello: StatusChange) -> None:
    since["after"] = log.number().head
    assert news(client, since) == ""
    hello.save()
    Reaction.objects.create(user=alice, about=hello, emoji="👍")
    assert news(client, since) == ""


def test_what_one_did_oneself_is_not_counted(as_alice: Client, as_bob: Client, alice: User, since: Any) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    assert news(as_alice, since) == ""
    assert news(as_bob, since) == "1 post"


def test_private_events_count_for_those_who_may_see_them(
    client: Client, alice: User, bob: User, as_bob: Client, since: Any
) -> None:
    secret = StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    assert (news(client, since), news(as_bob, since)) == ("", "")
    public = StatusChange.objects.create(user=alice, text="Public")
    assert news(as_bob, since) == "1 post"
    public.audience = "only:alice"
    public.save()
    secret.user, secret.audience = bob, "only:bob"
    secret.save()
    assert news(as_bob, since) == ""  # gone, and now bob's own
    secret.user = alice
    secret.save()
    assert news(as_bob, since) == "1 post"


def test_it_counts_what_is_in_the_streams_of_the_page(
    alice: User, bob: User, as_bob: Client, since: dict[str, Any]
) -> None:
    carol = User.objects.create_user("carol")
    Follow.objects.create(user=bob, followed=alice)
    StatusChange.objects.create(user=alice, text="Hello")
    StatusChange.objects.create(user=carol, text="Hello")
    assert news(as_bob, since, stream="home") == "1 post"
    assert news(as_bob, since, stream="kind:status_change") == "2 posts"
    assert news(as_bob, since, stream=["user:carol", "user:alice"]) == "2 posts, 1 newcomer"


def test_what_is_muted_is_not_counted(alice: User, bob: User, as_bob: Client, since: Any) -> None:
    carol = User.objects.create_user("carol")
    post = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=carol, thread=post, text="Hi!")
    mute(bob, thread=post)
    assert news(as_bob, since) == "1 newcomer"
    mute(bob, person=carol)
    assert news(as_bob, since) == ""


@pytest.mark.parametrize(
    "query", [{"log": "other"}, {"log": ""}, {"after": ""}, {"after": "x"}, {"after": "-1"}, {"after": "9" * 15}]
)
def test_a_position_of_another_log_says_nothing(
    client: Client, since: Any, hello: StatusChange, query: dict[str, str]
) -> None:
    assert news(client, since) == "1 post"
    assert news(client, since, **query) == ""


def test_a_position_that_the_log_has_forgotten_says_nothing(client: Client, since: Any, hello: StatusChange) -> None:
    log.number()
    log.Change.objects.filter(position__lte=since["after"] + 1).delete()
    log.Log.objects.update(floor=since["after"] + 1)
    assert news(client, since) == ""


def test_it_looks_at_so_many_changes(
    client: Client, alice: User, since: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    StatusChange.objects.bulk_create([StatusChange(user=alice, text=str(number)) for number in range(20)])
    monkeypatch.setattr("feed.away.MAX_CHANGES", 20)
    assert news(client, since) == "20 posts"
    StatusChange.objects.create(user=alice, text="One more")
    assert news(client, since) == "20+ posts"
    with django_assert_num_queries(2):  # the state of the log, and its changes
        client.get("/away/", since)


def test_a_stream_that_is_not_bobs_says_nothing(as_bob: Client, alice: User, since: Any) -> None:
    StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    assert news(as_bob, since, stream="only:alice") == ""
    assert as_bob.get("/away/", {**since, "stream": "nowhere"}).status_code == 404
    assert news(logged_in(alice), since, stream="home") == ""
