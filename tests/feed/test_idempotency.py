"""Posts sent again because the response was lost: an idempotency key makes one post, however often it is sent."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from feed import idempotency
from feed.models import Comment, Posted, StatusChange
from tests.conftest import logged_in
from tests.support.markup import elements
from tests.support.processes import wait_until

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def key_in(html: str) -> str:
    (key,) = (each.attributes["value"] for each in elements(html) if each.attributes.get("name") == "key")
    return key


def test_each_compose_form_has_its_own_key(as_alice: Client, hello: StatusChange) -> None:
    pages = [as_alice.get(path).content.decode() for path in ("/", "/", f"/events/{hello.pk}/")]
    keys = {key_in(page) for page in pages}
    assert len(keys) == 3
    for key in keys:
        assert re.fullmatch(r"[\w-]{22}", key)


@pytest.mark.database
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_post_that_is_sent_again_is_saved_once(as_alice: Client, headers: dict[str, str]) -> None:
    for _ in range(3):
        response = as_alice.post("/events/", {"text": "Hello", "key": "k1"}, headers=headers)
        assert response.status_code == (200 if headers else 302)
    assert StatusChange.objects.count() == 1
    assert Posted.objects.get().event_id == StatusChange.objects.get().pk


@pytest.mark.database
def test_a_comment_that_is_sent_again_is_saved_once(as_alice: Client, hello: StatusChange) -> None:
    for _ in range(3):
        response = as_alice.post(f"/events/{hello.pk}/comments/", {"text": "Hi", "key": "k1"})
        assert response.headers["Location"] == f"/events/{hello.pk}/"
    assert Comment.objects.count() == 1


def test_texts_with_different_line_endings_are_the_same_post(as_alice: Client) -> None:
    for text in ("a\r\nb", "a\nb", "a\nb "):
        assert as_alice.post("/events/", {"text": text, "key": "k1"}).status_code == 302
    assert StatusChange.objects.count() == 1


def test_the_form_has_a_new_key_after_a_success(as_alice: Client) -> None:
    response = as_alice.post("/events/", {"text": "Hello", "key": "k1"}, headers=HTMX)
    assert key_in(response.content.decode()) != "k1"


def test_the_form_keeps_its_key_after_an_invalid_text(as_alice: Client) -> None:
    response = as_alice.post("/events/", {"text": "", "key": "k1"}, headers=HTMX)
    assert response.status_code == 422
    assert key_in(response.content.decode()) == "k1"
    assert as_alice.post("/events/", {"text": "Hello", "key": "k1"}).status_code == 302
    assert StatusChange.objects.count() == 1


def test_a_key_belongs_to_one_user(as_alice: Client, as_bob: Client) -> None:
    for client in (as_alice, as_bob):
        client.post("/events/", {"text": "Hello", "key": "k1"})
    assert set(StatusChange.objects.values_list("user__username", flat=True)) == {"alice", "bob"}


@pytest.mark.parametrize("fields", [{}, {"key": ""}])
def test_each_post_without_a_key_is_saved(as_alice: Client, fields: dict[str, str]) -> None:
    for _ in range(2):
        assert as_alice.post("/events/", {"text": "Hello", **fields}).status_code == 302
    assert StatusChange.objects.count() == 2
    assert not Posted.objects.exists()


def test_a_repeated_post_does_not_restore_a_deleted_event(as_alice: Client) -> None:
    as_alice.post("/events/", {"text": "Hello", "key": "k1"})
    StatusChange.objects.get().delete()
    assert as_alice.post("/events/", {"text": "Hello", "key": "k1"}).status_code == 302
    assert not StatusChange.objects.exists()


def test_a_repeated_post_does_not_undo_an_edit(as_alice: Client) -> None:
    as_alice.post("/events/", {"text": "Hello", "key": "k1"})
    StatusChange.objects.update(text="Hello, world")
    assert as_alice.post("/events/", {"text": "Hello", "key": "k1"}).status_code == 302
    assert StatusChange.objects.get().text == "Hello, world"


def test_another_text_with_a_used_key_is_posted_only_after_a_question(as_alice: Client) -> None:
    """Only alice knows whether it is a correction, or a new post from a form that her browser has cached."""
    as_alice.post("/events/", {"text": "Helo", "key": "k1"})
    response = as_alice.post("/events/", {"text": "Hello", "key": "k1"}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 422
    assert "Your earlier text has been posted" in html
    assert "Hello</textarea>" in html
    assert [status.text for status in StatusChange.objects.all()] == ["Helo"]
    assert as_alice.post("/events/", {"text": "Hello", "key": key_in(html)}).status_code == 302
    assert StatusChange.objects.count() == 2


def test_the_key_of_a_post_is_refused_for_a_comment(as_alice: Client, hello: StatusChange) -> None:
    as_alice.post("/events/", {"text": "Hi", "key": "k1"})
    for _ in range(2):
        assert as_alice.post(f"/events/{hello.pk}/comments/", {"text": "Hi", "key": "k1"}).status_code == 422
    assert not Comment.objects.exists()


@pytest.mark.parametrize("key", ["x" * 101, "a b", "nul\0", "schlüssel", "a\nb"])
def test_an_invalid_key_is_refused_and_replaced(as_alice: Client, key: str) -> None:
    response = as_alice.post("/events/", {"text": "Hello", "key": key}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 422
    assert 'aria-invalid="true"' in html
    assert not StatusChange.objects.exists()
    assert as_alice.post("/events/", {"text": "Hello", "key": key_in(html)}).status_code == 302


def test_a_repeated_post_is_not_rate_limited(as_alice: Client, settings: Settings) -> None:
    """It is posted already. A refusal would tell alice that it is not."""
    settings.FEED_POST_LIMIT = "1/hour"
    for _ in range(3):
        assert as_alice.post("/events/", {"text": "Hello", "key": "k1"}).status_code == 302
    assert as_alice.post("/events/", {"text": "Hello", "key": "k2"}).status_code == 429


def test_a_post_that_fails_does_not_use_up_its_key(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: StatusChange, **options: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(StatusChange, "save", fail)
        with pytest.raises(RuntimeError):
            idempotency.save(StatusChange(user=alice, text="Hello"), "k1")
    idempotency.save(StatusChange(user=alice, text="Hello"), "k1")
    assert StatusChange.objects.count() == 1


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_with_one_key_make_one_post_and_all_succeed(alice: User) -> None:
    start = threading.Barrier(4)

    def send_request() -> int:
        try:
            client = logged_in(alice)
            start.wait(30)
            return client.post("/events/", {"text": "Hello", "key": "k1"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        statuses = [future.result(60) for future in [threads.submit(send_request) for _ in range(4)]]
    assert statuses == [302] * 4
    assert StatusChange.objects.count() == 1


@pytest.mark.database
@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first_commits", "texts"), [(True, ["first"]), (False, ["second"])])
def test_a_second_request_waits_for_the_first(alice: User, first_commits: bool, texts: list[str]) -> None:
    """If the first is rolled back, the second is saved."""

    def second() -> None:
        try:
            with pytest.raises(idempotency.KeyReused) if first_commits else transaction.atomic():
                idempotency.save(StatusChange(user=alice, text="second"), "k1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            idempotency.save(StatusChange(user=alice, text="first"), "k1")
            waiting = threads.submit(second)
            wait_until(insert_waits, "the second request to wait for the first")
            transaction.set_rollback(not first_commits)
        waiting.result(30)
    assert [status.text for status in StatusChange.objects.all()] == texts


def insert_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # otherwise a transaction sees its first snapshot again
        cursor.execute("SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return any("feed_posted" in query for (query,) in cursor.fetchall())


@pytest.mark.database
def test_only_the_newest_keys_of_a_user_are_kept(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MAX_KEYS", 3)
    bob = User.objects.create_user("bob")
    for user in (alice, bob):
        for number in range(5):
            idempotency.save(StatusChange(user=user, text=str(number)), f"k{number}")
        assert set(Posted.objects.filter(user=user).values_list("key", flat=True)) == {"k2", "k3", "k4"}
    assert StatusChange.objects.count() == 10


@pytest.fixture
def post_of_age(alice: User) -> Callable[[timedelta], None]:
    def post(age: timedelta) -> None:
        key = f"k{age}"
        idempotency.save(StatusChange(user=alice, text="Hello"), key)
        Posted.objects.filter(key=key).update(at=timezone.now() - age)

    return post


def test_prune_log_deletes_keys_after_a_day(post_of_age: Callable[[timedelta], None]) -> None:
    for hours in (0, 23, 25, 1000):
        post_of_age(timedelta(hours=hours))
    call_command("prune_log")
    assert Posted.objects.count() == 2
    assert StatusChange.objects.count() == 4


def test_a_user_with_keys_can_be_deleted(alice: User, post_of_age: Callable[[timedelta], None]) -> None:
    post_of_age(timedelta())
    alice.delete()
    assert not Posted.objects.exists()
