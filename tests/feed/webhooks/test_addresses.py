"""Webhooks aren't sent into the site's own network, whatever their URLs and names say."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest
from pytest_django import Settings

from feed.webhooks import addresses, posting
from feed.webhooks.addresses import Refused, is_public
from feed.webhooks.posting import post
from tests.feed.webhooks.receiver import Receiver

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 (it is refused)
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
]


def resolving_to(*found: str) -> Any:
    """In place of getaddrinfo."""
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_on_the_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:2800:21f::1", "2a00:1450:4001::1"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "localhost"])
def test_a_url_of_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises((Refused, OSError)):
        post(f"https://{host}/", b"", {})


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("8.8.8.8", "10.0.0.1"))
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        addresses.addresses_of("example.com", 443)


def test_the_connection_is_made_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look-up of a name may lead elsewhere."""
    tried: list[tuple[str, int]] = []

    def note(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(posting, "addresses_of", lambda host, port: ["93.184.215.14", "2606:2800:21f::1"])
    monkeypatch.setattr(socket, "create_connection", note)
    with pytest.raises(ConnectionRefusedError):
        post("https://example.com:8443/hook", b"", {})
    assert tried == [("93.184.215.14", 8443), ("2606:2800:21f::1", 8443)]


@pytest.mark.parametrize(
    "url", ["http://example.com/", "ftp://example.com/", "https://user:key@example.com/", "https:///"]
)
def test_a_url_must_be_encrypted_and_name_no_user(url: str) -> None:
    with pytest.raises(Refused):
        post(url, b"", {})


def test_a_setting_allows_private_addresses(receiver: Receiver, settings: Settings) -> None:
    assert post(receiver.url, b"{}", {})[0] == 204
    settings.FEED_WEBHOOK_PRIVATE = False
    with pytest.raises(Refused):
        post(receiver.url, b"{}", {})
