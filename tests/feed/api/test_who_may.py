"""Who may do what by the API: alice owns the event, bob is in her team, carol is outside, and nobody is logged in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from feed.models import Comment, Event, StatusChange
from tests.support.api import Program, path_of, refusal, status
from tests.support.audiences import team

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Call = Callable[[Program, StatusChange], Any]
CALLS: dict[str, Call] = {
    "get": lambda program, event: program.get(path_of(event.pk)),
    "comment": lambda program, event: program.post({"kind": "comment", "text": "Hi", "thread": event.pk}),
    "react": lambda program, event: program.post({"kind": "reaction", "emoji": "🎉", "about": event.pk}),
    "edit": lambda program, event: program.patch(event.pk, {"text": "Mine"}),
    "delete": lambda program, event: program.delete(event.pk),
    "post": lambda program, event: program.post(status("Ours", audience=event.audience)),
}
PUBLIC = {
    "anonymous": {"get": 200, "comment": 401, "react": 401, "edit": 401, "delete": 401, "post": 401},
    "carol": {"get": 200, "comment": 201, "react": 201, "edit": 403, "delete": 403, "post": 201},
    "bob": {"get": 200, "comment": 201, "react": 201, "edit": 403, "delete": 403, "post": 201},
    "alice": {"get": 200, "comment": 201, "react": 201, "edit": 200, "delete": 204, "post": 201},
}
FOR_THE_TEAM = {
    "anonymous": {"get": 404, "comment": 401, "react": 401, "edit": 401, "delete": 401, "post": 401},
    "carol": {"get": 404, "comment": 422, "react": 422, "edit": 404, "delete": 404, "post": 422},
    "bob": PUBLIC["bob"],
    "alice": PUBLIC["alice"],
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("who", PUBLIC)
@pytest.mark.parametrize(("audience", "expected"), [("public", PUBLIC), ("team", FOR_THE_TEAM)], ids=["public", "team"])
def test_who_may_do_what(
    alice: User, bob: User, carol: User, teams: None, who: str, call: str, audience: str, expected: dict[str, Any]
) -> None:
    ours = team(alice, bob)
    event = StatusChange.objects.create(user=alice, text="Hello", audience=ours if audience == "team" else "public")
    before = list(Event.objects.order_by("pk").values_list("pk", "kind", "changed_at"))
    people = {"anonymous": None, "carol": carol, "bob": bob, "alice": alice}
    response = CALLS[call](Program(people[who]), event)
    assert response.status_code == expected[who][call], response.content
    if response.status_code >= 400:
        refusal(response)
        assert list(Event.objects.order_by("pk").values_list("pk", "kind", "changed_at")) == before


def test_a_comment_is_for_the_audience_of_its_thread(alice: User, bob: User, teams: None) -> None:
    event = StatusChange.objects.create(user=alice, text="Hello", audience=team(alice, bob))
    said = Program(bob).post({"kind": "comment", "text": "Hi", "thread": event.pk}).json()
    assert (said["audience"], said["thread"], said["user"]) == (event.audience, event.pk, "bob")


def test_a_hidden_event_and_none_at_all_are_answered_alike(alice: User, carol: User, teams: None) -> None:
    event = StatusChange.objects.create(user=alice, text="Hello", audience=team(alice))
    program, absent = Program(carol), event.pk + 1000
    for call in (program.get, program.delete):
        there, gone = (call(path_of(pk) if call == program.get else pk) for pk in (event.pk, absent))  # type: ignore[arg-type]
        assert (there.status_code, there.content) == (gone.status_code, gone.content)
    answers = [program.post({"kind": "comment", "text": "Hi", "thread": pk}) for pk in (event.pk, absent)]
    assert [each.json()["message"].replace(str(absent), str(event.pk)) for each in answers] == [
        f"thread: There is no event {event.pk} that this can be about."
    ] * 2


def test_a_token_without_the_scope_writes_nothing(alice: User) -> None:
    event = StatusChange.objects.create(user=alice, text="Hello")
    program = Program(alice, scopes=("read",))
    answers = [program.post(status()), program.patch(event.pk, {"text": "Mine"}), program.delete(event.pk)]
    assert list(map(refusal, answers)) == [(403, "missing_scope")] * 3
    assert StatusChange.objects.get().text == "Hello"


def test_a_token_that_only_posts_reads_nothing(alice: User) -> None:
    event = StatusChange.objects.create(user=alice, text="Hello")
    program = Program(alice, scopes=("post",))
    for path in ("/api/events/", path_of(event.pk), "/api/events/?after=0", "/api/kinds/", "/api/streams/"):
        assert refusal(program.get(path)) == (403, "missing_scope")
    assert program.post(status()).status_code == 201


def test_nobody_posts_in_the_name_of_another(alice: User, bob: User) -> None:
    program = Program(bob)
    for forged in ({"user": "alice"}, {"user_id": alice.pk}, {"id": 1}, {"created_at": "2000-01-01T00:00:00Z"}):
        assert refusal(program.post(status(**forged))) == (422, "invalid")
    assert program.post(status()).json()["user"] == "bob"


def test_moderators_delete_the_events_of_others_and_do_not_edit_them(alice: User, bob: User) -> None:
    event = StatusChange.objects.create(user=alice, text="Hello")
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="delete_event", content_type__app_label="feed"))
    program = Program(bob)
    assert refusal(program.patch(event.pk, {"text": "Mine"})) == (403, "not_yours")
    assert program.delete(event.pk).status_code == 204
    assert not StatusChange.objects.exists()


def test_nobodys_event_is_nobodys_to_change(alice: User) -> None:
    event = StatusChange.objects.create(user=None, text="Hello")
    assert refusal(Program(alice).patch(event.pk, {"text": "Mine"})) == (403, "not_yours")
    assert refusal(Program(alice).delete(event.pk)) == (403, "not_yours")


def test_a_user_who_has_left_can_not_move_an_event_back(alice: User, teams: None) -> None:
    ours = team(alice)
    event = StatusChange.objects.create(user=alice, text="Hello")
    alice.groups.clear()
    assert refusal(Program(alice).patch(event.pk, {"audience": ours})) == (422, "invalid")
    assert StatusChange.objects.get().audience == "public"


def test_deleting_takes_the_comments_along(alice: User, bob: User) -> None:
    event = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=bob, thread=event, text="Hi")
    assert Program(alice).delete(event.pk).status_code == 204
    assert not Comment.objects.exists()
    assert refusal(Program(alice).delete(event.pk)) == (404, "not_found")
