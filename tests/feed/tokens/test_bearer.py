"""Whose token a header has."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from feed import tokens
from feed.refusals import Refusal
from feed.tokens import Token, authenticate
from feed.tokens.secret import new_secret
from tests.support.tokens import issue

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def refused(header: str) -> bool:
    with pytest.raises(Refusal) as caught:
        authenticate(header)
    return (caught.value.code, caught.value.close) == ("bad_token", 4401)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer "])
def test_a_token_is_its_users_in_one_query(alice: User, scheme: str, django_assert_num_queries: Any) -> None:
    secret = issue(alice)
    Token.objects.update(last_used_at=timezone.now())  # its last use isn't written now
    with django_assert_num_queries(1):
        token = authenticate(f"{scheme} {secret}")
        assert token
        assert token.user == alice


@pytest.mark.parametrize("header", [None, "", "Basic YWxpY2U6c2VjcmV0", "Digest x", "rill_x"])
def test_another_scheme_says_nothing_about_tokens(header: str | None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert authenticate(header) is None


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "bearer wrong",
        "Bearer rill_",
        "Bearerrill_x",
        "Bearer é",
        "Bearer {0} {0}",
        "Bearer {0},{0}",
    ],
)
def test_what_cannot_be_a_token_is_refused_without_a_query(
    alice: User, header: str, django_assert_num_queries: Any
) -> None:
    text = header.format(issue(alice))
    with django_assert_num_queries(0):
        assert refused(text)


def test_a_token_that_was_never_given_is_refused() -> None:
    assert refused(f"Bearer {new_secret()}")


def test_a_revoked_token_is_refused(alice: User) -> None:
    secret = issue(alice)
    assert authenticate(f"Bearer {secret}")
    Token.objects.get().delete()
    assert refused(f"Bearer {secret}")


def test_a_token_is_refused_from_the_moment_it_expires(alice: User) -> None:
    secret = issue(alice, days=1)
    assert authenticate(f"Bearer {secret}")
    Token.objects.update(expires_at=timezone.now() - timedelta(microseconds=1))
    assert refused(f"Bearer {secret}")


def test_a_deactivated_users_token_is_refused(alice: User) -> None:
    secret = issue(alice)
    User.objects.update(is_active=False)
    assert refused(f"Bearer {secret}")
    User.objects.update(is_active=True)
    assert authenticate(f"Bearer {secret}")


def test_a_deleted_users_tokens_are_gone(alice: User) -> None:
    secret = issue(alice)
    alice.delete()
    assert refused(f"Bearer {secret}")
    assert not Token.objects.exists()


def test_the_table_has_no_secret(alice: User) -> None:
    secret = issue(alice)
    assert secret[5:48] not in str(Token.objects.values().get())


def test_the_tokens_of_many_connections_are_found_in_one_query(alice: User, django_assert_num_queries: Any) -> None:
    secrets = [issue(alice) for _ in range(20)]
    Token.objects.update(last_used_at=timezone.now())
    digests = [tokens.digest_in(f"Bearer {secret}") or "" for secret in secrets]
    with django_assert_num_queries(1):
        assert set(tokens.find(digests)) == set(digests)


def test_a_user_has_a_limited_number_of_tokens(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.tokens.issuing.MAX_TOKENS", 2)
    issue(alice)
    issue(alice)
    with pytest.raises(tokens.TooManyTokens):
        issue(alice)
    issue(User.objects.create_user("bob"))


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "admin"]])
def test_there_are_no_other_scopes(alice: User, scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="scopes read, post"):
        tokens.issue(alice, "test", scopes)
