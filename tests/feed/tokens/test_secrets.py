"""What a token looks like."""

import re

import pytest

from feed.tokens.secret import digest, is_secret, new_secret


def test_each_secret_is_another_one_and_fits_into_a_url_as_it_is() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"rill_[0-9A-Za-z]{51}", each) for each in secrets)
    assert all(map(is_secret, secrets))


def test_a_scanner_tells_a_secret_by_its_checksum() -> None:
    secret = new_secret()
    for place in range(5, len(secret)):
        other = "1" if secret[place] == "0" else "0"
        assert not is_secret(secret[:place] + other + secret[place + 1 :])


@pytest.mark.parametrize("text", ["", "rill_", "x" * 56, "rill_" + "é" * 51])
def test_nothing_else_is_taken_for_a_secret(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize("end", ["\n", " "])
def test_a_secret_with_something_after_it_is_none(end: str) -> None:
    assert not is_secret(new_secret() + end)


def test_the_digest_does_not_contain_the_secret() -> None:
    secret = new_secret()
    assert len(digest(secret)) == 64
    assert secret[5:] not in digest(secret)
