"""Choosing an audience: forms and the admin offer those of the author; code may post to any that exists."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from feed import publish
from feed.models import Comment, Event, StatusChange
from feed.streams import choices_for
from tests.support.audiences import team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("teams")]

HTMX = {"HX-Request": "true"}


def test_the_form_offers_the_audiences_of_the_author(as_alice: Client, alice: User) -> None:
    mine, other = team(alice), team()
    page = as_alice.get("/").content.decode()
    assert [value for value, _ in choices_for(alice)] == [
        "public",
        "followers:alice",
        "only:alice",
        mine.replace("team", "secret"),
        mine,
    ]
    assert '<option value="only:alice">Only you</option>' in page
    assert f'<option value="{mine}">Team {mine[5:]}</option>' in page
    assert other not in page


def test_a_post_is_for_the_chosen_audience_and_so_is_the_next_by_default(as_alice: Client) -> None:
    response = as_alice.post("/events/", {"text": "Mine", "audience": "only:alice"}, headers=HTMX)
    assert StatusChange.objects.get().audience == "only:alice"
    assert '<option value="only:alice" selected>' in response.content.decode()


@pytest.mark.parametrize("audience", ["team:999", "team:x", "nothing:1", "only:bob", "nonsense"])
def test_an_audience_that_is_not_the_authors_is_refused_with_a_sentence(as_alice: Client, audience: str) -> None:
    response = as_alice.post("/events/", {"text": "Kept", "audience": audience}, headers=HTMX)
    assert response.status_code == 422
    page = response.content.decode()
    assert f"There is no audience &#x27;{audience}&#x27; that you may post to." in page
    assert "Kept</textarea>" in page
    assert not StatusChange.objects.exists()


def test_a_comment_has_the_audience_of_its_thread_whatever_is_sent(as_alice: Client, alice: User) -> None:
    private = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    as_alice.post(f"/events/{private.pk}/comments/", {"text": "Me too", "audience": "public"})
    assert Comment.objects.get().audience == "only:alice"


def test_an_edit_can_move_a_post_and_its_comments(as_alice: Client, alice: User, hello: StatusChange) -> None:
    Comment.objects.create(user=alice, thread=hello, text="Comment")
    form = as_alice.get(f"/events/{hello.pk}/edit/").content.decode()
    assert '<option value="public" selected>' in form
    as_alice.post(f"/events/{hello.pk}/edit/", {"text": "Hello", "audience": "only:alice"})
    assert {event.audience for event in Event.rows.filter(kind__in=["status_change", "comment"])} == {"only:alice"}


def test_an_edit_that_names_no_audience_moves_nothing(as_alice: Client, alice: User) -> None:
    private = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    as_alice.post(f"/events/{private.pk}/edit/", {"text": "Edited"})
    private.refresh_from_db()
    assert (private.text, private.audience) == ("Edited", "only:alice")


def test_the_admin_refuses_an_audience_that_the_author_is_not_in(admin_client: Client, alice: User) -> None:
    fields = {"user": alice.pk, "text": "Hello"}
    response = admin_client.post("/admin/feed/statuschange/add/", fields | {"audience": "team:999"})
    assert "There is no audience &#x27;team:999&#x27; that this user may post to." in response.content.decode()
    admin_client.post("/admin/feed/statuschange/add/", fields | {"audience": "only:alice"})
    assert StatusChange.objects.get().audience == "only:alice"


def test_the_admin_moves_an_event(admin_client: Client, alice: User, hello: StatusChange) -> None:
    bob = User.objects.create_user("bob")
    path = f"/admin/feed/statuschange/{hello.pk}/change/"
    admin_client.post(path, {"user": bob.pk, "text": "Hello", "audience": "only:bob"})
    hello.refresh_from_db()
    assert (hello.user, hello.audience) == (bob, "only:bob")


def test_code_may_post_for_an_audience_that_the_author_is_not_in(alice: User) -> None:
    others = team()
    StatusChange.objects.create(user=alice, text="An order", audience=others)
    publish("order_placed", actor=alice, audience=others)
    assert {event.audience for event in Event.rows.exclude(kind="welcome")} == {others}


@pytest.mark.parametrize("audience", ["nothing:1", "team:", "team", "kind:comment", "", "Public"])
def test_no_way_to_save_takes_an_audience_that_does_not_exist(hello: StatusChange, audience: str) -> None:
    alice = hello.user
    hello.audience = audience
    for save in (
        hello.save,
        lambda: hello.save(update_fields=["audience"]),
        lambda: StatusChange.objects.update(audience=audience),
        lambda: StatusChange.objects.create(user=alice, text="New", audience=audience),
        lambda: StatusChange.objects.bulk_create([StatusChange(user=alice, text="New", audience=audience)]),
    ):
        with pytest.raises(ValidationError, match="There is no audience"):
            save()
    with pytest.raises(ValueError, match="audience"):
        publish("order_placed", audience=audience)
    assert [event.audience for event in StatusChange.objects.all()] == ["public"]


@pytest.mark.parametrize("chosen", ["public", "team:9999"])
def test_a_form_offers_some_of_very_many_audiences_and_takes_all(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setattr("tests.support.audiences.Team.keys_for", lambda self, user: range(10_000))
    event = StatusChange.objects.create(user=alice, text="Hello", audience=chosen)
    edit = f"/events/{event.pk}/edit/"
    for path in ("/", edit):
        page = as_alice.get(path).content.decode()
        form = page[page.index("<form id=" if path == "/" else '<form class="card') :]
        assert len(form[: form.index("</form>")]) < 20_000
        assert "<datalist" in form
    assert f'list="edit_audience_list" value="{chosen}"' in as_alice.get(edit).content.decode()
    as_alice.post(edit, {"text": "Hello", "audience": "team:8888"})
    event.refresh_from_db()
    assert event.audience == "team:8888"


def test_an_emptied_audience_is_refused_and_not_taken_for_public(as_alice: Client) -> None:
    response = as_alice.post("/events/", {"text": "Kept", "audience": ""}, headers=HTMX)
    assert response.status_code == 422
    assert "Say who may see it." in response.content.decode()
    assert not StatusChange.objects.exists()
