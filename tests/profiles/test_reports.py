"""Reports to the staff."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from feed.log import Change
from feed.models import Comment, StatusChange
from feed.streams import audiences_of, choices_for
from feed.testing import FeedKit
from profiles.bell import unread
from profiles.report import Report, report
from tests.conftest import logged_in

pytestmark = pytest.mark.django_db

assert_sees, assert_not_sees = FeedKit().assert_sees, FeedKit().assert_not_sees


@pytest.fixture
def sam(db: None) -> User:
    """Sam, who is staff."""
    return User.objects.create_user("sam", is_staff=True)


@pytest.fixture
def reported(bob: User, hello: StatusChange) -> Report:
    report(bob, hello.pk, "Rude")
    found: Report = Report.objects.get()
    return found


def visible(client: Client) -> list[int]:
    return [event["id"] for event in client.get("/api/events/").json()["events"]]


def test_bob_reports_and_is_thanked(bob: User, as_bob: Client, hello: StatusChange) -> None:
    path = f"/events/{hello.pk}/report/"
    assert "What is wrong" in as_bob.get(path).content.decode()
    assert "Reported. Thank you." in as_bob.post(path, {"reason": "Rude"}).content.decode()
    found = Report.objects.get()
    assert (found.user, found.about_id, found.reason, found.said) == (bob, hello.pk, "Rude", "Hello")


def test_nobody_reports_the_same_twice(bob: User, as_bob: Client, hello: StatusChange) -> None:
    path = f"/events/{hello.pk}/report/"
    as_bob.post(path, {"reason": "Rude"})
    for answer in (as_bob.get(path), as_bob.post(path, {"reason": "Again"})):
        assert "You have reported this already." in answer.content.decode()
    report(bob, hello.pk, "Again")
    assert Report.objects.count() == 1


def test_the_staff_see_it_in_their_feed(sam: User, reported: Report) -> None:
    assert_sees(sam, reported)
    page = logged_in(sam).get("/").content.decode()
    assert f'id="event-{reported.pk}"' in page
    assert "Rude" in page
    assert f'href="/events/{reported.about_id}/"' in page


def test_nobody_else_sees_it(
    client: Client, alice: User, as_alice: Client, bob: User, as_bob: Client, reported: Report
) -> None:
    """Not the one who is reported, and not the one who reports."""
    for user in (alice, bob, AnonymousUser()):
        assert_not_sees(user, reported)
    for visitor in (client, as_alice, as_bob):
        assert visitor.get(reported.get_absolute_url()).status_code == 404
        assert visitor.get("/api/events/?stream=staff:reports").status_code in {401, 403}
        for path in ("/", "/?stream=kind:report", "/people/bob/", "/search/?q=rude", "/feed.atom?stream=kind:report"):
            assert "Rude" not in visitor.get(path).content.decode()
        events = visitor.get("/api/events/?stream=kind:report").json()["events"]
        assert events == []


def test_superusers_who_are_not_staff_see_it_in_no_feed(reported: Report) -> None:
    assert_not_sees(User.objects.create_user("root", is_superuser=True), reported)


def test_it_stays_as_the_text_was(alice: User, sam: User, hello: StatusChange, reported: Report) -> None:
    hello.text = "Nothing"
    hello.save()
    assert "Hello" in logged_in(sam).get(reported.get_absolute_url()).content.decode()


def test_it_goes_with_what_it_is_about(hello: StatusChange, reported: Report) -> None:
    hello.delete()
    assert not Report.objects.exists()


def test_a_new_member_of_the_staff_sees_it_at_once_and_a_former_one_no_more(alice: User, reported: Report) -> None:
    assert not Change.objects.filter(action="access").exists()
    alice.is_staff = True
    alice.save()
    assert_sees(alice, reported)
    alice.is_staff = False
    alice.save(update_fields=["is_staff"])
    assert_not_sees(alice, reported)
    changes = Change.objects.filter(action="access").values_list("streams", flat=True)
    assert list(changes) == [[str(alice.pk)]] * 2
    alice.first_name = "A"
    alice.save()
    assert len(changes.all()) == 2


def test_inactive_staff_see_nothing(sam: User, reported: Report) -> None:
    sam.is_active = False
    sam.save()
    assert "staff:reports" not in audiences_of(sam)


def test_nobody_posts_to_the_staff_by_hand(sam: User, bob: User) -> None:
    for user in (sam, bob):
        assert "staff:reports" not in dict(choices_for(user))
    answer = logged_in(sam).post("/events/", {"text": "Hello", "audience": "staff:reports"})
    assert answer.status_code == 422


def test_the_staff_talk_about_it_among_themselves(sam: User, bob: User, reported: Report) -> None:
    logged_in(sam).post(f"/events/{reported.pk}/comments/", {"text": "I look at it"})
    comment = Comment.objects.get()
    assert comment.audience == "staff:reports"
    assert comment.pk in visible(logged_in(sam))
    assert_not_sees(bob, comment)
    assert unread(bob) == 0


def test_what_bob_may_not_see_or_did_himself_is_not_reported(bob: User, as_bob: Client, alice: User) -> None:
    secret = StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    own = StatusChange.objects.create(user=bob, text="Mine")
    for event in (secret, own):
        for answer in (as_bob.get(f"/events/{event.pk}/report/"), as_bob.post(f"/events/{event.pk}/report/")):
            assert answer.status_code == 404
    assert not Report.objects.exists()


def test_a_report_is_not_reported(sam: User, reported: Report) -> None:
    assert logged_in(sam).get(f"/events/{reported.pk}/report/").status_code == 404


def test_an_outsider_reports_nothing(client: Client, hello: StatusChange) -> None:
    assert "login" in client.post(f"/events/{hello.pk}/report/", {"reason": "Rude"}).headers["Location"]
    assert not Report.objects.exists()


@pytest.mark.parametrize(("reason", "status"), [("", 422), ("x" * 501, 422), ("x" * 500, 200)])
def test_a_reason_is_needed(as_bob: Client, hello: StatusChange, reason: str, status: int) -> None:
    assert as_bob.post(f"/events/{hello.pk}/report/", {"reason": reason}).status_code == status


def test_reports_are_limited(alice: User, as_bob: Client, settings: Any) -> None:
    settings.REPORT_LIMIT = "1/hour"
    posts = [StatusChange.objects.create(user=alice, text=str(number)) for number in range(2)]
    statuses = [as_bob.post(f"/events/{post.pk}/report/", {"reason": "Rude"}).status_code for post in posts]
    assert statuses == [200, 429]


def test_the_author_is_not_told(alice: User, as_alice: Client, reported: Report) -> None:
    assert not alice.concerns.exists()
    assert "report" not in as_alice.get("/for-you/").content.decode().lower()


def test_staff_find_it_in_the_admin(admin_client: Client, reported: Report) -> None:
    assert "Rude" in admin_client.get("/admin/profiles/report/").content.decode()


def test_the_filters_do_not_offer_it(sam: User) -> None:
    assert "kind%3Areport" not in logged_in(sam).get("/").content.decode()
