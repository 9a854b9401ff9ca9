"""Idempotency keys: a program that got no answer sends its request again, and gets the first answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from feed import idempotency
from feed.api import events
from feed.models import Comment, Posted, StatusChange
from tests.support.api import EVENTS, Program, refusal, status

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def answer(response: Any) -> tuple[int, bytes, str, str]:
    return response.status_code, response.content, response.headers["Location"], response.headers["ETag"]


def test_the_same_request_gets_the_first_answer_and_posts_once(alice: User) -> None:
    program = Program(alice)
    first = program.post(status(), Idempotency_Key="k1")
    assert first.status_code == 201
    for _ in range(2):
        assert answer(program.post(status(), Idempotency_Key="k1")) == answer(first)
    assert StatusChange.objects.count() == 1


def test_the_first_answer_comes_also_after_an_edit_and_a_deletion(alice: User) -> None:
    program = Program(alice)
    first = program.post(status(), Idempotency_Key="k1")
    program.patch(first.json()["id"], {"text": "Other"})
    assert answer(program.post(status(), Idempotency_Key="k1")) == answer(first)
    program.delete(first.json()["id"])
    assert answer(program.post(status(), Idempotency_Key="k1")) == answer(first)
    assert not StatusChange.objects.exists()


def test_the_first_answer_comes_also_when_the_thread_is_gone_meanwhile(alice: User, hello: StatusChange) -> None:
    body = {"kind": "comment", "text": "Hi", "thread": hello.pk}
    first = Program(alice).post(body, Idempotency_Key="k1")
    hello.delete()
    assert answer(Program(alice).post(body, Idempotency_Key="k1")) == answer(first)


def test_it_is_the_content_that_counts_and_not_how_it_is_written(alice: User) -> None:
    program = Program(alice)
    first = program.post('{"kind": "status_change", "text": "Hé"}', Idempotency_Key="k1")
    again = program.post('{ "text":"H\\u00e9",\n "kind":"status_change"}', Idempotency_Key="k1")
    assert answer(again) == answer(first)


@pytest.mark.parametrize("other", [status("Other"), status(audience="only:alice"), {"kind": "nothing"}, {}])
def test_another_request_with_the_key_is_refused(alice: User, other: dict[str, object]) -> None:
    program = Program(alice)
    program.post(status(), Idempotency_Key="k1")
    assert refusal(program.post(other, Idempotency_Key="k1")) == (422, "used_key")
    assert StatusChange.objects.count() == 1


def test_a_key_belongs_to_one_user(alice: User, bob: User) -> None:
    found = [Program(user).post(status(), Idempotency_Key="k1").json()["user"] for user in (alice, bob)]
    assert found == ["alice", "bob"]


def test_what_was_refused_leaves_its_key_unused(alice: User) -> None:
    program = Program(alice)
    assert refusal(program.post(status(""), Idempotency_Key="k1")) == (422, "invalid")
    assert program.post(status(), Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 101, "a b", "schlüssel"])
def test_a_malformed_key_is_refused(alice: User, key: str) -> None:
    response = Program(alice).client.post(
        EVENTS, status(), content_type="application/json", headers=Program(alice).headers | {"Idempotency-Key": key}
    )
    assert refusal(response) == (400, "bad_key")
    assert not StatusChange.objects.exists()


def test_a_repeated_request_is_not_rate_limited(alice: User, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/hour"
    for _ in range(3):
        assert Program(alice).post(status(), Idempotency_Key="k1").status_code == 201
    assert refusal(Program(alice).post(status(), Idempotency_Key="k2")) == (429, "too_many_requests")


def test_a_crash_before_the_commit_leaves_neither_the_event_nor_the_key(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(event: StatusChange) -> str:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(events, "present", crash)  # the last that happens in the transaction
        with pytest.raises(RuntimeError):
            Program(alice).post(status(), Idempotency_Key="k1")
    assert not Posted.objects.exists()
    assert not StatusChange.objects.exists()
    assert Program(alice).post(status(), Idempotency_Key="k1").status_code == 201


def test_a_crash_after_the_commit_loses_only_the_answer(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*arguments: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(events, "json_response", crash)
        with pytest.raises(RuntimeError):
            Program(alice).post(status(), Idempotency_Key="k1")
    response = Program(alice).post(status(), Idempotency_Key="k1")
    assert (response.status_code, response.json()["id"]) == (201, StatusChange.objects.get().pk)


@pytest.mark.django_db(transaction=True)
def test_requests_with_one_key_at_the_same_time_post_once_and_get_one_answer(alice: User) -> None:
    start = threading.Barrier(4)
    programs = [Program(alice) for _ in range(4)]

    def send(program: Program) -> tuple[int, bytes, str, str]:
        try:
            start.wait(30)
            return answer(program.post(status(), Idempotency_Key="k1"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(send, programs))
    assert len(answers) == 1
    assert StatusChange.objects.count() == 1


def test_a_key_is_kept_for_a_day(alice: User) -> None:
    for hours, key in ((23, "k1"), (25, "k2")):
        Program(alice).post(status(), Idempotency_Key=key)
        Posted.objects.filter(key=key).update(at=timezone.now() - timedelta(hours=hours))
    Program(alice).post(status(), Idempotency_Key="k3")
    assert set(Posted.objects.values_list("key", flat=True)) == {"k1", "k3"}
    assert idempotency.prune() == 0


def test_a_key_of_a_form_is_used_for_programs_too(alice: User, hello: StatusChange) -> None:
    idempotency.save(Comment(user=alice, thread=hello, text="Hi"), "k1")
    body = {"kind": "comment", "text": "Hi", "thread": hello.pk}
    assert refusal(Program(alice).post(body, Idempotency_Key="k1")) == (422, "used_key")
