"""A connection over a Unix socket has no address. Rill must not take all clients for one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args
from urllib.parse import urlencode

import pytest

from tests.support.processes import wait_until
from tests.support.servers import HOST, Kind, Server

CSRF = "x" * 32
DOCUMENTED: dict[Kind, list[str]] = {"daphne": ["--proxy-headers"], "uvicorn": ["--forwarded-allow-ips", "*"]}
"""Options that make the server trust its proxy's headers."""
both = pytest.mark.parametrize("kind", get_args(Kind))


@contextmanager
def listening(kind: Kind, folder: Path, options: Sequence[str] = ()) -> Iterator[Server]:
    with Server(kind, unix_socket=str(folder / "socket"), options=options, LOGIN_ADDRESS_LIMIT="2/hour") as server:
        yield server


def log_in(server: Server, name: str, address: str) -> int:
    """Try to log in with a wrong password, from this address behind the proxy. Returns the status."""
    connection = server.connection()
    form = {"username": name, "password": "wrong", "csrfmiddlewaretoken": CSRF}
    headers = {"Host": HOST, "Cookie": f"csrftoken={CSRF}", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/accounts/login/", urlencode(form), headers | {"X-Forwarded-For": address})
        return connection.getresponse().status
    finally:
        connection.close()


@both
def test_each_client_has_its_own_rate_limit_with_the_documented_options(kind: Kind, tmp_path: Path) -> None:
    with listening(kind, tmp_path, DOCUMENTED[kind]) as server:
        assert [log_in(server, f"user{number}", "192.0.2.7") for number in range(3)] == [422, 422, 429]
        assert log_in(server, "alice", "192.0.2.8") == 422
        server.assert_quiet()


@both
def test_no_client_is_limited_by_address_if_addresses_are_unknown_and_the_log_says_so(
    kind: Kind, tmp_path: Path
) -> None:
    with listening(kind, tmp_path) as server:
        assert [log_in(server, f"user{number}", "192.0.2.7") for number in range(4)] == [422] * 4
        wait_until(lambda: "Nothing is limited by address" in server.log(), "the line in the log")
        assert server.log().count("\n") == 1
