"""The servers that the benchmarks start and end."""

from http.client import HTTPConnection

import psutil
import pytest

from bench.peers import EMBEDDED, MODULES, PEERS, Missing, running
from bench.peers.peer import HOST
from bench.servers.raw_asyncio import accepting, frame


def test_a_server_answers_while_it_is_measured_and_has_ended_afterwards() -> None:
    with running("bare-uvicorn", EMBEDDED) as server:
        connection = HTTPConnection(HOST, server.port, timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().status == 404
        connection.close()
        pids = [process.pid for process in server.processes()]
    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize("name", ["eventstream-daphne", "socketio", "ws"])
def test_a_server_with_missing_requirements_names_them(name: str) -> None:
    with pytest.raises(Missing, match=r"Redis|not installed"), running(name, EMBEDDED):
        pass


def test_every_server_has_its_own_name() -> None:
    names = [peer.name for module in MODULES for peer in module.PEERS]
    assert names == list(PEERS), "A name stands for one server."


def test_the_raw_server_encodes_a_text_frame() -> None:
    assert frame(b"short") == b"\x81\x05short"
    assert frame(b"x" * 550) == b"\x81\x7e\x02\x26" + b"x" * 550


def test_the_raw_server_accepts_the_handshake_of_the_rfc() -> None:
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in accepting(b"dGhlIHNhbXBsZSBub25jZQ==")
