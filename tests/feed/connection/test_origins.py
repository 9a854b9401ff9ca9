"""Which web pages may open the websocket."""

import pytest
from pytest_django import Settings

from feed.connection.origins import is_allowed


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://rill.example", "rill.example"),
        ("https://rill.example", "rill.example"),
        ("http://rill.example:8000", "rill.example:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://trusted.example", "rill.example"),
        ("https://a.b.wide.example", "rill.example"),
    ],
)
def test_pages_of_this_site_may_watch(our_hosts: None, origin: str, host: str) -> None:
    assert is_allowed(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "rill.example"),
        ("null", "rill.example"),
        ("*", "rill.example"),
        ("http://evil.example", "rill.example"),
        ("http://evil.example", "evil.example"),  # DNS rebinding
        ("http://rill.example.evil.example", "rill.example"),
        ("http://evilrill.example", "rill.example"),
        ("http://rill.example:8000", "rill.example"),
        ("http://rill.example", "rill.example:8000"),
        ("ftp://rill.example", "rill.example"),
        ("file://", "rill.example"),
        ("file://rill.example", "rill.example"),
        ("chrome-extension://rill.example", "rill.example"),
        ("rill.example", "rill.example"),
        ("//rill.example", "rill.example"),
        ("http:///rill.example", "rill.example"),
        ("http://rill.example@evil.example", "rill.example"),
        ("http://evil.example@rill.example", "rill.example"),
        ("http://evil.example#@rill.example", "rill.example"),
        ("http://evil.example\\@rill.example", "rill.example"),
        ("http://rill.example.", "rill.example"),
        ("http://[::2]:8000", "[::1]:8000"),
        ("http://[::1", "[::1"),
        ("http://[broken", "rill.example"),
        ("http://rill.example, http://evil.example", "rill.example"),
        ("http://trusted.example", "rill.example"),
        ("https://trusted.example:444", "rill.example"),
        ("https://trusted.example.evil.example", "rill.example"),
        ("https://evilwide.example", "rill.example"),
        ("https://wide.example.evil.example", "rill.example"),
    ],
)
def test_pages_of_other_sites_may_not_watch(our_hosts: None, origin: str, host: str) -> None:
    assert not is_allowed(origin, host)


def test_a_site_on_https_refuses_its_own_origin_on_http(our_hosts: None, settings: Settings) -> None:
    """An attacker on the network could serve such a page, and its websocket would carry the user's cookie."""
    settings.SECURE_SSL_REDIRECT = True
    assert is_allowed("https://rill.example", "rill.example")
    assert not is_allowed("http://rill.example", "rill.example")


@pytest.fixture
def our_hosts(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["rill.example", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wide.example"]
