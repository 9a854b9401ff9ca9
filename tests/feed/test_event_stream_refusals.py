"""Requests for server-sent events that are refused, with a status and a reason."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from pytest_django import Settings

from feed.hub import Hub
from tests.feed.event_streams import reading
from tests.feed.sockets import TIMEOUT
from tests.support.tokens import issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]

in_thread = database_sync_to_async


def bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {secret}".encode())]


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("?after=-1", ("bad_cursor", 400)),
        ("?after=", ("bad_cursor", 400)),
        ("?after=%ff", ("bad_request", 400)),
        ("?format=html", ("bad_request", 400)),
        ("?format=xml", ("bad_request", 400)),
        ("?stream=nothing", ("unknown_stream", 404)),
        ("?stream=user:nobody", ("unknown_stream", 404)),
        ("?stream=home", ("login_needed", 401)),
        ("?stream=only:alice", ("not_yours", 403)),
        ("?" + "&".join(f"stream=user:{number}" for number in range(101)), ("too_many_streams", 429)),
    ],
)
async def test_a_refused_request_has_a_status_and_a_reason(alice: User, query: str, refusal: tuple[str, int]) -> None:
    async with reading(query) as client:
        assert await client.refusal() == refusal
        assert client.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("last_event_id", ["x", "k3x9:", "k3x9:-1", "k3x9:1.5", "9" * 5000])
async def test_a_last_event_id_that_is_no_cursor_is_refused(alice: User, last_event_id: str) -> None:
    async with reading(last_event_id=last_event_id) as client:
        assert await client.refusal() == ("bad_cursor", 400)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_any_method_but_get_is_refused(alice: User, method: str) -> None:
    async with reading(method=method) as client:
        assert await client.refusal() == ("method_not_allowed", 405)
        assert client.headers["allow"] == "GET"


async def test_head_has_the_status_and_no_body(alice: User) -> None:
    async with reading(method="HEAD") as client:
        assert client.status == 405
        message = await client.receive_output(timeout=TIMEOUT)
        assert (message["body"], message["more_body"]) == (b"", False)


async def test_a_wrong_token_is_refused_and_never_taken_as_anonymous(alice: User) -> None:
    async with reading("", bearer("wrong")) as client:
        assert await client.refusal() == ("bad_token", 401)
        assert client.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_that_may_not_read_is_refused(alice: User) -> None:
    async with reading("", bearer(await in_thread(issue)(alice, "post"))) as client:
        assert await client.refusal() == ("missing_scope", 403)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://trusted.example", 200),
        ("http://testserver:8001", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_pages_of_other_origins_are_refused(
    alice: User, settings: Settings, origin: str | None, status: int
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    headers = [] if origin is None else [(b"origin", origin.encode())]
    async with reading("", headers) as client:
        assert client.status == status
        assert not [name for name in client.headers if name.startswith("access-control-")]


async def test_a_page_that_uses_dns_rebinding_is_refused(alice: User, settings: Settings) -> None:
    """To its browser it is of the same site, so it needs no Origin."""
    settings.ALLOWED_HOSTS = ["rill.example"]
    async with reading() as client:
        assert await client.refusal() == ("bad_host", 400)


async def test_while_the_database_fails_a_request_is_refused_for_a_while(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OperationalError("it is down")

    with monkeypatch.context() as patch:
        patch.setattr(Hub, "authorise", fail)
        async with reading() as client:
            assert await client.refusal() == ("unavailable", 503)
            assert int(client.headers["retry-after"]) > 0
    async with reading() as client:
        assert (await client.frame())["type"] == "changes"


async def test_a_stream_that_cannot_join_ends_and_may_come_back(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError("an unexpected error")

    monkeypatch.setattr(Hub, "join", fail)
    async with reading() as client:
        await client.ended()
    assert "an unexpected error" in caplog.text
