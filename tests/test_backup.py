"""A drill: the commands of docs/backup.md, under connected clients."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from tests.adopters.steps import block, document
from tests.support.databases import ROOT, migrated_file, sqlite_url
from tests.support.processes import find, wait_until
from tests.support.servers import Server
from tests.support.watching import TIMEOUT, post_from_another_process

Json = dict[str, Any]
BEFORE, AFTER = "Back up:", "Restore, while servers and clients are connected:"
CHANGE_AFTER_THE_BACKUP = """
StatusChange.objects.get(text="deleted later").delete()
edited = StatusChange.objects.get(text="edited later")
edited.text = "edited"
edited.save()
"""


class Client:
    """Keeps the events of a feed as docs/protocol.md says, and comes back when its connection is lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: ClientConnection | None = None
        self._stack = ExitStack()
        self.events: dict[int, Json] = {}
        self.log, self.cursor = "", 0
        self.resets: list[str] = []

    def see(self, is_so: Callable[["Client"], bool], what: str) -> None:
        """Read frames until that is so."""

        def read_and_look() -> bool:
            self.read()
            return is_so(self)

        wait_until(read_and_look, what)

    def read(self) -> None:
        """Read one frame, or connect."""
        try:
            if self._connection is None:
                query = f"after={self.cursor}&log={self.log}"
                opened = connect(self._server.ws_url(query), max_size=None, open_timeout=TIMEOUT)
                self._connection = self._stack.enter_context(opened)
            self._apply(json.loads(self._connection.recv(timeout=TIMEOUT)))
        except (ConnectionClosed, InvalidHandshake, OSError):
            self.leave()

    def leave(self) -> None:
        self._stack.close()
        self._connection = None

    def texts(self) -> list[str]:
        return sorted(event["text"] for event in self.events.values() if "text" in event)

    def _apply(self, frame: Json) -> None:
        if frame["type"] == "reset":
            self.resets.append(frame["reason"])
            self.events = snapshot(self._server)
        else:
            assert (frame["type"], frame["after"]) == ("changes", self.cursor)
        for change in frame.get("changes", ()):
            self.events.pop(change["event"]["id"], None)
            if change["action"] != "deleted":
                self.events[change["event"]["id"]] = change["event"]
        self.log, self.cursor = frame["log"], frame["position"]


def snapshot(server: Server) -> dict[int, Json]:
    events, address = dict[int, Json](), server.url("/api/events/?limit=3")
    while address:
        with urlopen(address, timeout=TIMEOUT) as answer:
            page = json.load(answer)
        events |= {event["id"]: event for event in page["events"]}
        address = page["next"] and urljoin(address, page["next"])
    return events


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the commands of the document work, as in the folder of the project."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    (tmp_path / "var").mkdir()
    return tmp_path


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def server(request: pytest.FixtureRequest, folder: Path) -> Iterator[Server]:
    if request.param == "SQLite":
        file = folder / "var" / "rill.sqlite3"
        file.write_bytes(migrated_file().read_bytes())
        url = sqlite_url(file)
    else:
        url = request.getfixturevalue("postgresql_database")
    with Server("uvicorn", database_url=url) as server:
        yield server


def run(sentence: str, server: Server, folder: Path) -> None:
    """Run the commands after the sentence, as they stand in the document."""
    section = "## SQLite" if server.database_url.startswith("sqlite") else "## PostgreSQL"
    commands = block(sentence, document("backup.md").partition(section)[2])
    path = os.environ["PATH"] if section == "## SQLite" else f"{find('pg_dump').parent}:{os.environ['PATH']}"
    environment = os.environ | {"DATABASE_URL": server.database_url, "SECRET_KEY": "for the drill only", "PATH": path}
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_old_backup_is_restored_under_connected_clients(server: Server, folder: Path) -> None:
    post_from_another_process(server, "kept", "deleted later", "edited later")
    restored = snapshot(server)
    run(BEFORE, server, folder)

    server.shell(CHANGE_AFTER_THE_BACKUP)
    post_from_another_process(server, *(f"lost {number}" for number in range(5)))
    connected, away, early = Client(server), Client(server), Client(server)
    early.cursor = 1
    for client in (connected, away):
        client.see(lambda seen: "lost 4" in seen.texts(), "all that is posted")
        assert client.texts() == ["edited", "kept", *(f"lost {number}" for number in range(5))]
    early.log = away.log
    away.leave()

    run(AFTER, server, folder)
    for client in (connected, away, early):
        client.see(lambda seen: "other_log" in seen.resets, "the reset")
        assert client.events == snapshot(server) == restored
    post_from_another_process(server, "live again")
    for client in (connected, away, early):
        client.see(lambda seen: "live again" in seen.texts(), "what is posted after the restore")
        assert client.texts() == ["deleted later", "edited later", "kept", "live again"]
        client.leave()
