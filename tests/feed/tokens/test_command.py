"""`manage.py token`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from feed.tokens import Token, authenticate
from tests.support.tokens import issue

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("token", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_prints_the_token_alone_so_that_a_script_can_read_it(alice: User) -> None:
    secret = run("alice").removesuffix("\n")
    token = authenticate(f"Bearer {secret}")
    assert token
    assert (token.user, token.name, token.scopes, token.expires_at) == (alice, "manage.py", ["read"], None)


def test_name_scopes_and_days_are_the_tokens(alice: User) -> None:
    run("alice", "--name", "build server", "--scopes", "post,read", "--days", "7")
    token = Token.objects.get()
    assert (token.name, token.scopes) == ("build server", ["read", "post"])
    assert token.expires_at
    assert timedelta(days=6.9) < token.expires_at - timezone.now() <= timedelta(days=7)


def test_the_list_has_all_tokens_or_those_of_one_user(alice: User, bob: User) -> None:
    run("alice", "--name", "hers")
    run("bob", "--name", "his")
    assert ("hers" in run("--list"), "his" in run("--list")) == (True, True)
    assert ("hers" in run("bob", "--list"), "his" in run("bob", "--list")) == (False, True)


def test_a_revoked_token_is_gone(alice: User, bob: User) -> None:
    issue(alice)
    pk = str(Token.objects.get().pk)
    with pytest.raises(CommandError, match=f"no token {pk} of bob"):
        run("bob", "--revoke", pk)
    assert run("--revoke", pk) == f"Token {pk} is revoked.\n"
    assert not Token.objects.exists()
    with pytest.raises(CommandError, match=f"no token {pk}"):
        run("--revoke", pk)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Name the user"),
        (["nobody"], "no user 'nobody'"),
        (["nobody", "--list"], "no user 'nobody'"),
        (["alice", "--scopes", "everything"], "scopes read, post"),
        (["alice", "--scopes", ""], "scopes read, post"),
        (["alice", "--days", "0"], "above 0"),
        (["alice", "--days", "nan"], "above 0"),
        (["alice", "--name", ""], "1 to 100"),
        (["alice", "--name", "x" * 101], "1 to 100"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(alice: User, arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run(*arguments)
    assert not Token.objects.exists()
