"""Connections that the server ends: their session has ended, or the server stops."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support import tokens
from tests.support.reading import EventReader, reading
from tests.support.servers import Kind, Server
from tests.support.sessions import CHANGE_PASSWORD, ENDS, log_in

TIMEOUT = 20

Watch = Callable[..., ClientConnection]


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    """Two servers on one database."""
    with Server("daphne") as one, Server("uvicorn", database_url=one.database_url) as other:
        yield [one, other]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Opens a socket, with a session, a token or neither, and receives its first frame."""
    with ExitStack() as stack:

        def watching(server: Server, session: str | None = None, token: str | None = None) -> ClientConnection:
            headers = {} if session is None else {"Cookie": f"sessionid={session}"}
            headers |= {} if token is None else tokens.bearer(token)
            connection = stack.enter_context(connect(server.ws_url(), additional_headers=headers))
            assert json.loads(connection.recv(timeout=TIMEOUT))["type"] == "changes"
            return connection

        yield watching


@pytest.fixture
def read() -> Iterator[Callable[..., EventReader]]:
    """Opens an event stream, with a token or without, and receives its first frame."""
    with ExitStack() as stack:

        def opened(server: Server, token: str | None = None) -> EventReader:
            reader = stack.enter_context(reading(server, headers=None if token is None else tokens.bearer(token)))
            assert reader.frame()["type"] == "changes"
            return reader

        yield opened


def end_of(connection: ClientConnection) -> tuple[int | None, str | None]:
    """The close code, and the code of the error frame before it."""
    error = None
    deadline = time.monotonic() + TIMEOUT
    try:
        while True:
            error = json.loads(connection.recv(timeout=deadline - time.monotonic())).get("code", error)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None, error


def wait_for_text(connection: ClientConnection, text: str) -> None:
    while text not in str(connection.recv(timeout=TIMEOUT)):
        pass


def test_the_end_of_a_session_ends_its_sockets_in_every_process_and_no_others(
    servers: list[Server], watch: Watch
) -> None:
    shell = servers[0].shell
    sessions = {name: log_in(servers[0], name) for name in ENDS}
    ending = {(name, server.kind): watch(server, sessions[name]) for name in ENDS for server in servers}
    others = [None, log_in(servers[0], "bob"), log_in(servers[0], "logged_out")]
    staying = [watch(server, session) for server in servers for session in others]

    for name, code in ENDS.items():
        shell(code.format(session=sessions[name], name=name))

    ends = {key: end_of(connection) for key, connection in ending.items()}
    assert ends == dict.fromkeys(ending, (4401, "session_ended"))
    shell("StatusChange.objects.create(user=User.objects.get(username='bob'), text='still there')")
    for connection in staying:
        wait_for_text(connection, "still there")
    for server in servers:
        server.assert_quiet()


def test_the_end_of_a_token_ends_its_sockets_in_every_process_and_no_others(
    servers: list[Server], watch: Watch, read: Callable[..., EventReader]
) -> None:
    shell = servers[0].shell
    secrets = {name: tokens.issue_on(servers[0], name) for name in tokens.ENDS}
    ending = {(name, server.kind): watch(server, token=secrets[name]) for name in tokens.ENDS for server in servers}
    streams = [read(server, secrets[name]) for name in tokens.ENDS for server in servers]
    others = [tokens.issue_on(servers[0], "bob"), tokens.issue_on(servers[0], "revoked", "another")]
    staying = [watch(server, token=secret) for server in servers for secret in others]
    shell(CHANGE_PASSWORD.format(name="bob"))
    for name, code in tokens.ENDS.items():
        shell(code.format(name=name))

    ends = {key: end_of(connection) for key, connection in ending.items()}
    assert ends == dict.fromkeys(ending, (4401, "bad_token"))
    assert {reader.end() for reader in streams} == {"bad_token"}
    shell("StatusChange.objects.create(user=User.objects.get(username='bob'), text='still there')")
    for connection in staying:
        wait_for_text(connection, "still there")
    for server in servers:
        with connect(server.ws_url(), additional_headers=tokens.bearer(secrets["revoked"])) as refused:
            assert end_of(refused) == (4401, "bad_token")
        server.assert_quiet()


@pytest.mark.parametrize(
    "session", ["of-another-site", "", "é" * 500, "x" * 5000], ids=["foreign", "no", "odd", "long"]
)
def test_an_unknown_session_key_counts_as_logged_out(servers: list[Server], watch: Watch, session: str) -> None:
    for server in servers:
        watch(server, session)
        server.assert_quiet()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("daphne", []), ("uvicorn", []), ("uvicorn", ["--loop", "asyncio"])],
    ids=["daphne", "uvicorn", "asyncio"],
)
def test_a_server_that_stops_tells_its_watchers_to_reconnect(
    kind: Kind, options: list[str], number: signal.Signals, watch: Watch, read: Callable[..., EventReader]
) -> None:
    with Server(kind, options=options) as server:
        watchers = [watch(server) for _ in range(20)]
        readers = [read(server) for _ in range(20)]
        assert server.stop(number) in {0, -number}
        assert {end_of(connection) for connection in watchers} == {(1012 if kind == "uvicorn" else 4012, None)}
        assert {reader.end() for reader in readers} == {None}
        server.assert_quiet()
