"""The id of a request: from the proxy or new, in the response, in the page, and in what is logged."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import AsyncClient, Client

from feed import log
from feed.logging.lines import LineFormatter
from feed.logging.request_ids import current, of_socket
from tests.support.markup import elements

pytestmark = pytest.mark.django_db
MADE = re.compile("[0-9a-f]{32}")
MALFORMED = ["short", "x" * 65, "a b c d e f g", 'quote"quote"', "<script>alert</script>", "näme-name-name", ""]


def test_each_request_gets_an_id(client: Client) -> None:
    first, second = (client.get("/healthz")["X-Request-ID"] for _ in range(2))
    assert MADE.fullmatch(first)
    assert MADE.fullmatch(second)
    assert first != second
    assert current.get() == "", "It must not stay with the thread."


async def test_an_async_view_has_one_too() -> None:
    response = await AsyncClient().get("/healthz", headers={"X-Request-ID": "from-the-proxy"})
    assert response["X-Request-ID"] == "from-the-proxy"


def test_the_id_of_the_proxy_is_taken_over(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "0a-B.c_9"})["X-Request-ID"] == "0a-B.c_9"
    assert client.get("/nowhere/", headers={"X-Request-ID": "0a-B.c_9"})["X-Request-ID"] == "0a-B.c_9"


@pytest.mark.parametrize("sent", MALFORMED)
def test_an_id_that_could_forge_something_is_replaced(client: Client, sent: str) -> None:
    assert MADE.fullmatch(client.get("/healthz", headers={"X-Request-ID": sent})["X-Request-ID"])


def test_a_page_gives_its_id_to_its_socket(client: Client, alice: User) -> None:
    response = client.get("/", headers={"X-Request-ID": "from-the-proxy"})
    (url,) = (
        each.attributes["hx-ws:connect"]
        for each in elements(response.content.decode())
        if "hx-ws:connect" in each.attributes
    )
    assert of_socket(url.partition("?")[2].encode(), "of-the-handshake") == "from-the-proxy"


@pytest.mark.parametrize("sent", MALFORMED)
def test_a_socket_takes_no_malformed_id(sent: str) -> None:
    assert of_socket(f"format=html&request={sent}&stream=public".encode(), sent) == ""


def test_a_socket_without_a_page_has_the_id_of_its_handshake() -> None:
    assert of_socket(b"format=json", "of-the-handshake") == "of-the-handshake"


def test_what_is_logged_for_a_response_has_the_id_of_its_request(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(log, "state", fail)
    assert client.get("/", headers={"X-Request-ID": "from-the-proxy"}).status_code == 503
    assert "request=from-the-proxy" in LineFormatter().format(caplog.records[0])
