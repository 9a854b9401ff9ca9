"""Posting and editing by the API: what is accepted, and what is said about the rest."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed.kinds import posted
from feed.models import Comment, Event, Reaction, StatusChange
from tests.conftest import logged_in
from tests.support.api import EVENTS, Program, path_of, refusal, status
from tests.support.kinds import Announcement, Deploy, Shout, Slogan, Temperature

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def open_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for kind in (Deploy, Slogan):
        monkeypatch.setattr(kind, "is_postable", True)
    for cached in (posted.is_postable, posted.posted_fields, posted.edited_fields):
        cached.cache_clear()
    yield
    for cached in (posted.is_postable, posted.posted_fields, posted.edited_fields):
        cached.cache_clear()


def test_a_post_is_answered_with_the_event_as_everybody_sees_it(alice: User) -> None:
    response = Program(alice).post(status())
    event = StatusChange.objects.get()
    assert (response.status_code, response.headers["Location"]) == (201, path_of(event.pk))
    assert (event.text, event.user, event.audience) == ("Hello", alice, "public")
    loaded = Program().get(path_of(event.pk))
    assert response.json() == loaded.json()
    assert response.headers["ETag"] == loaded.headers["ETag"]


@pytest.mark.usefixtures("open_kinds")
def test_a_kind_of_any_app_is_posted_with_its_own_fields(alice: User) -> None:
    details = {"commit": "a1b2", "tests": [1, 2.5, None, True]}
    body = {"kind": "deploy", "service": " web ", "took": "PT90S", "cost": "9.9", "details": details}
    said = Program(alice).post(body).json()
    assert {name: said[name] for name in ("service", "took", "cost", "details")} == {
        "service": "web",
        "took": "PT90S",
        "cost": "9.90",
        "details": details,
    }
    assert Program(alice).post({"kind": "deploy", "service": "web", "cost": None}).status_code == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": "Hello"}, "kind: Must be one of"),
        ({"kind": 5}, "kind: Must be one of"),
        ({"kind": "nothing"}, "kind: Must be one of comment, deploy, reaction, slogan, status_change"),
        ({"kind": "event"}, "Nobody can post events of the kind 'event'"),
        ({"kind": "welcome"}, "Nobody can post events of the kind 'welcome'"),
        ({"kind": "follow", "followed": 1}, "Nobody can post"),
        ({"kind": "status_change"}, "text: Field required"),
        ({"kind": "status_change", "text": ""}, "text: This field cannot be blank."),
        ({"kind": "status_change", "text": " \n\t "}, "text: This field cannot be blank."),
        ({"kind": "status_change", "text": 5}, "text: Input should be a valid string"),
        ({"kind": "status_change", "text": None}, "text: Input should be a valid string"),
        ({"kind": "status_change", "text": "x" * 2001}, "text: Ensure this value has at most 2000 characters"),
        ({"kind": "status_change", "text": "nul\0"}, "NUL"),
        ({"kind": "status_change", "text": "x", "audience": "nobody:1"}, "There is no audience 'nobody:1'."),
        ({"kind": "status_change", "text": "x", "audience": "only:bob"}, "that this user may post to"),
        ({"kind": "status_change", "text": "x", "thread": 1}, "thread: Extra inputs are not permitted"),
        ({"kind": "comment", "text": "x"}, "thread: Field required"),
        ({"kind": "comment", "text": "x", "thread": "1"}, "thread: Input should be a valid integer"),
        ({"kind": "comment", "text": "x", "thread": 10**30}, "thread: There is no event"),
        ({"kind": "comment", "text": "x", "thread": -1}, "thread: There is no event"),
        ({"kind": "comment", "text": "x", "thread": 1, "audience": "public"}, "audience: Extra inputs"),
        ({"kind": "comment", "text": "x", "thread": 1, "reply_to": 1}, "reply_to: Extra inputs"),
        ({"kind": "reaction", "emoji": "🎉", "about": 10**6}, "about: There is no event 1000000"),
        ({"kind": "slogan", "text": "x" * 11}, "text: Ensure this value has at most 10 characters"),
        ({"kind": "slogan", "text": "x", "shown_at": "2026-01-01T00:00:00Z"}, "shown_at: Extra inputs"),
        ({"kind": "slogan", "text": "x", "approved_by": 10**6}, "approved_by: user instance with id 1000000"),
        ({"kind": "deploy", "service": "web", "cost": "99999.99"}, "cost: Ensure that there are no more than"),
        ({"kind": "deploy", "service": "web", "took": "soon"}, "took: Input should be a valid duration"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:40],
)
@pytest.mark.usefixtures("open_kinds")
def test_what_a_kind_does_not_accept_is_refused_with_the_reason(alice: User, body: dict[str, Any], said: str) -> None:
    before = Event.objects.count()
    response = Program(alice).post(body)
    assert refusal(response) in {(422, "invalid"), (403, "not_postable")}
    assert said in response.json()["message"]
    assert Event.objects.count() == before


def test_the_switch_is_the_kinds_own_and_that_of_its_abstract_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    """An announcement is a post in all but who may make one."""
    check = posted.is_postable.__wrapped__
    assert [check(kind) for kind in (StatusChange, Announcement, Deploy, Temperature)] == [True, False, False, False]
    assert not posted.is_postable(Shout)
    monkeypatch.setattr(Temperature.__mro__[1], "is_postable", True, raising=False)
    monkeypatch.setattr(Announcement, "is_postable", True)
    assert check(Temperature)
    assert check(Announcement)


def test_a_reaction_can_not_be_edited(alice: User, hello: StatusChange) -> None:
    """Two edits at once would give alice the same reaction twice."""
    put = Program(alice).post({"kind": "reaction", "emoji": "🎉", "about": hello.pk}).json()["id"]
    assert refusal(Program(alice).patch(put, {"emoji": "👍"})) == (403, "not_editable")
    assert Reaction.objects.get().emoji == "🎉"


def test_a_reaction_is_one_of_those_that_people_put_and_there_once(alice: User, bob: User, hello: StatusChange) -> None:
    body = {"kind": "reaction", "emoji": "🎉", "about": hello.pk}
    first = Program(bob).post(body)
    assert (first.status_code, first.json()["thread"]) == (201, hello.pk)
    assert "there already" in Program(bob).post(body).json()["message"]
    assert "emoji: There is no reaction" in Program(bob).post(body | {"emoji": "x"}).json()["message"]
    assert Program(bob).delete(first.json()["id"]).status_code == 204
    assert Program(bob).post(body).status_code == 201


def test_a_reply_belongs_to_the_thread_of_its_comment(alice: User, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=alice, thread=hello, text="Hi")
    said = Program(alice).post({"kind": "comment", "text": "And?", "thread": comment.pk}).json()
    assert (said["thread"], said["reply_to"]) == (hello.pk, comment.pk)


def test_an_edit_changes_what_it_names_and_nothing_else(alice: User, hello: StatusChange) -> None:
    said = Program(alice).patch(hello.pk, {"text": "Hello, all"}).json()
    assert (said["text"], said["audience"]) == ("Hello, all", "public")
    assert said["edited_at"]
    assert Program(alice).patch(hello.pk, {"audience": "only:alice"}).json()["text"] == "Hello, all"
    assert StatusChange.objects.get().audience == "only:alice"


def test_an_edit_that_changes_nothing_records_nothing(alice: User, hello: StatusChange) -> None:
    for body in ({}, {"text": "Hello"}, {"text": "Hello ", "audience": "public"}):
        assert Program(alice).patch(hello.pk, body).json()["edited_at"] is None


@pytest.mark.parametrize("body", [{"text": ""}, {"text": None}, {"kind": "comment"}, {"user": 1}, {"audience": "x:1"}])
def test_a_wrong_edit_changes_nothing(alice: User, hello: StatusChange, body: dict[str, Any]) -> None:
    assert refusal(Program(alice).patch(hello.pk, body)) == (422, "invalid")
    hello.refresh_from_db()
    assert (hello.text, hello.edited_at) == ("Hello", None)


def test_a_comment_is_not_moved_to_another_thread(alice: User, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=alice, thread=hello, text="Hi")
    other = StatusChange.objects.create(user=alice, text="Other")
    assert refusal(Program(alice).patch(comment.pk, {"thread": other.pk})) == (422, "invalid")


def test_what_has_no_text_is_not_edited_but_deleted(alice: User) -> None:
    welcome = Event.objects.get(user=alice, kind="welcome")
    assert refusal(Program(alice).patch(welcome.pk, {})) == (403, "not_editable")
    assert Program(alice).delete(welcome.pk).status_code == 204


def test_an_edit_of_another_state_is_refused(alice: User, hello: StatusChange) -> None:
    program = Program(alice)
    seen = program.get(path_of(hello.pk)).headers["ETag"]
    assert program.patch(hello.pk, {"text": "First"}, If_Match=seen).status_code == 200
    assert refusal(program.patch(hello.pk, {"text": "Second"}, If_Match=seen)) == (412, "precondition_failed")
    assert refusal(program.delete(hello.pk, If_Match=seen)) == (412, "precondition_failed")
    assert StatusChange.objects.get().text == "First"
    seen = program.get(path_of(hello.pk)).headers["ETag"]
    assert program.patch(hello.pk, {"text": "Second"}, If_Match=f'"other", W/{seen}').status_code == 200
    assert program.patch(hello.pk, {"text": "Third"}, If_Match="*").status_code == 200


def test_an_event_that_the_client_has_is_not_sent_again(alice: User, hello: StatusChange) -> None:
    program = Program()
    first = program.get(path_of(hello.pk))
    again = program.get(path_of(hello.pk), If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    StatusChange.objects.update(text="Hello, all")
    assert program.get(path_of(hello.pk), If_None_Match=first.headers["ETag"]).json()["text"] == "Hello, all"


def test_the_tag_of_a_compressed_response_matches_too(alice: User) -> None:
    program = Program(alice)
    event = StatusChange.objects.create(user=alice, text="Hello " * 200)
    packed = program.get(path_of(event.pk), Accept_Encoding="gzip")
    assert packed.headers["ETag"].startswith("W/")
    assert program.patch(event.pk, {"text": "Short"}, If_Match=packed.headers["ETag"]).status_code == 200


def test_a_page_of_the_site_writes_with_its_session_and_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert refusal(client.post(EVENTS, status(), content_type="application/json")) == (403, "bad_csrf")
    client.get("/")
    token = client.cookies["csrftoken"].value
    response = client.post(EVENTS, status(), content_type="application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 201


def test_pages_and_programs_share_the_limit_of_what_a_user_writes(alice: User, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "2/hour"
    assert Program(alice).post(status()).status_code == 201
    assert logged_in(alice).post("/events/", {"text": "Hi"}).status_code == 302
    response = Program(alice).post(status())
    assert refusal(response) == (429, "too_many_requests")
    assert 0 < int(response.headers["Retry-After"]) <= 3601


def test_what_is_refused_counts_nothing(alice: User, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/hour"
    assert refusal(Program(alice).post({"kind": "status_change", "text": 5})) == (422, "invalid")
    assert Program(alice).post(status()).status_code == 201
