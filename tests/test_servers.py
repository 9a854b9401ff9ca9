"""Rill runs with each of its servers and databases."""

from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

from tests.support.servers import Kind, Server


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_a_killed_server_answers_after_a_restart(kind: Kind) -> None:
    with Server(kind) as server:
        assert urlopen(server.url("/")).status == 200
        server.kill()
        with pytest.raises(OSError, match="refused"):
            urlopen(server.url("/"))
        server.start()
        assert urlopen(server.url("/")).status == 200
        server.assert_quiet()


def test_another_process_sees_the_servers_database(server: Server) -> None:
    server.shell("User.objects.create_user('alice')")
    assert server.shell("print(User.objects.get().username)") == "alice\n"


def test_a_server_runs_on_postgresql_and_redis(postgresql_database: str, redis_url: str) -> None:
    with Server(database_url=postgresql_database, redis_url=redis_url) as server:
        server.shell("User.objects.create_user('alice')")
        with connect(server.ws_url("after=0")) as alice:
            assert "alice" in str(alice.recv(timeout=5))
        server.assert_quiet()


@pytest.mark.parametrize("library", ["redis", "psycopg"])
def test_a_process_on_sqlite_without_redis_loads_neither_library(server: Server, library: str) -> None:
    """They take a fifth of the time of a start."""
    assert server.shell(f"import sys, asgi; print({library!r} in sys.modules)") == "False\n"
