"""Refused clients, and messages that end a connection."""

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from asgi import application
from tests.feed.sockets import TIMEOUT, SocketClient, connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("?after=-1", ("bad_cursor", 4400)),
        ("?after=x", ("bad_cursor", 4400)),
        ("?after=", ("bad_cursor", 4400)),
        ("?after=1.5", ("bad_cursor", 4400)),
        ("?after=" + "9" * 5000, ("bad_cursor", 4400)),
        ("?format=xml", ("bad_request", 4400)),
        ("?after=%ff", ("bad_request", 4400)),
        ("?stream=nothing", ("unknown_stream", 4404)),
        ("?stream=user:nobody", ("unknown_stream", 4404)),
        ("?stream=user:nobody&after=0", ("unknown_stream", 4404)),
        ("?stream=thread:999", ("unknown_stream", 4404)),
        ("?stream=kind:nothing", ("unknown_stream", 4404)),
        ("?" + "&".join(f"stream=user:{number}" for number in range(101)), ("too_many_streams", 4429)),
    ],
)
async def test_a_refused_client_gets_the_reason(alice: User, query: str, refusal: tuple[str, int]) -> None:
    async with connect(query) as watcher:
        assert await watcher.refusal() == refusal


@pytest.mark.parametrize("message", ["hello", "[1]", '{"type": "post"}', "{}", "[" * 4000, '"ping"'])
async def test_anything_but_a_ping_or_a_watch_ends_the_connection(alice: User, message: str) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await watcher.send_to(text_data=message)
        assert await watcher.refusal() == ("bad_request", 4400)


async def test_too_many_messages_end_the_connection(alice: User) -> None:
    async with connect() as watcher:
        for _ in range(60):
            await watcher.send_json_to({"type": "ping"})
        frame = await watcher.frame()
        while frame["type"] == "changes":
            frame = await watcher.frame()
        assert (frame["code"], await watcher.closed()) == ("too_many_messages", 4429)


async def test_binary_messages_and_large_ones_end_the_connection(alice: User) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await watcher.send_to(bytes_data=b"\0")
        assert await watcher.refusal() == ("bad_request", 4400)
    async with connect() as watcher:
        await watcher.frame()
        await watcher.send_to(text_data='{"type": "ping", "pad": "' + "x" * 4096 + '"}')
        assert await watcher.refusal() == ("too_large", 4400)


@pytest.mark.parametrize(
    ("origin", "is_accepted"),
    [
        (None, True),
        ("http://testserver", True),
        ("https://trusted.example", True),
        ("https://sub.wide.example", True),
        ("http://trusted.example", False),
        ("http://testserver:8001", False),
        ("http://evil.example", False),
        ("http://testserver.evil.example", False),
        ("null", False),
        ("file://", False),
        ("http://[broken", False),
    ],
)
async def test_pages_of_other_origins_are_refused(
    alice: User, settings: Settings, origin: str | None, is_accepted: bool
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wide.example"]
    headers = [(b"host", b"testserver")] + ([(b"origin", origin.encode())] if origin else [])
    connection = SocketClient(application, "/ws/feed/", headers)
    connected, _ = await connection.connect(timeout=TIMEOUT)
    assert connected is is_accepted
    await connection.disconnect(timeout=TIMEOUT)


async def test_a_page_that_uses_dns_rebinding_is_refused(alice: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    headers = [(b"host", b"evil.example"), (b"origin", b"http://evil.example")]
    connected, _ = await SocketClient(application, "/ws/feed/", headers).connect(timeout=TIMEOUT)
    assert not connected


async def test_any_other_path_is_not_found(alice: User) -> None:
    connection = SocketClient(application, "/ws/nothing/")
    assert (await connection.connect(timeout=TIMEOUT))[0]
    assert await connection.refusal() == ("not_found", 4404)
