"""`manage.py tail` against a real server: it follows the feed, or prints why it can't."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

import pytest
from websockets.sync.server import ServerConnection, serve

from tests.support.databases import ROOT
from tests.support.servers import Server
from tests.support.watching import TIMEOUT, post_from_another_process


@pytest.fixture
def tail() -> Iterator["Tail"]:
    running = Tail()
    yield running
    running.end()


class Tail:
    """`manage.py tail` in a process of its own."""

    _process: "subprocess.Popen[str] | None" = None

    def follow(self, url: str, *arguments: str) -> None:
        command = [sys.executable, "manage.py", "tail", "--url", url, *arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, args=[self._process.stdout], daemon=True)
        self._reading.start()

    def _read(self, output: TextIO) -> None:
        with output:
            for line in output:
                self._lines.put(line)

    def wait_for(self, text: str) -> str:
        """Wait for a line with this text. Returns it."""
        while text not in (line := self._lines.get(timeout=TIMEOUT)):
            assert "GAP" not in line
        return line

    def wait(self) -> int:
        assert self._process
        return self._process.wait(TIMEOUT)

    def end(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(TIMEOUT)
            self._reading.join(TIMEOUT)


def test_tail_follows_the_feed_across_a_restart_of_the_server(server: Server, tail: Tail) -> None:
    post_from_another_process(server, "before")
    tail.follow(server.ws_url(), "--after", "0", "--stream", "user:alice")
    assert tail.wait_for("before").split() == ["2", "created", "status_change", "alice:", "before"]
    server.kill()
    tail.wait_for("Reconnecting after 2")
    post_from_another_process(server, "while it was down")
    server.start()
    tail.wait_for("while it was down")
    server.shell("StatusChange.objects.get(text='before').delete()")
    assert "deleted" in tail.wait_for("#2")


def test_tail_prints_raw_frames_with_the_json_option(server: Server, tail: Tail) -> None:
    post_from_another_process(server, "Hello")
    tail.follow(server.ws_url(), "--after", "0", "--json")
    frame = json.loads(tail.wait_for("Hello"))
    assert (frame["type"], frame["after"]) == ("changes", 0)


def test_tail_shows_the_newest_events_after_a_reset(server: Server, tail: Tail) -> None:
    post_from_another_process(server, "Hello")
    tail.follow(server.ws_url(), "--after", "1000")
    tail.wait_for("Reset (ahead)")
    assert "present" in tail.wait_for("Hello")
    post_from_another_process(server, "and on")
    tail.wait_for("and on")


def test_tail_prints_the_reason_and_ends_when_it_is_refused(server: Server, tail: Tail) -> None:
    tail.follow(server.ws_url(), "--stream", "user:nobody")
    tail.wait_for("There is no stream 'user:nobody'.")
    assert tail.wait() != 0


def test_tail_reports_a_gap_between_frames(tail: Tail) -> None:
    def broken(connection: ServerConnection) -> None:
        for after, position in [(0, 3), (5, 7)]:
            frame = {"type": "changes", "log": "k3x9", "after": after, "position": position, "changes": []}
            connection.send(json.dumps(frame))
        connection.recv()  # waits until the client disconnects

    with serve(broken, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tail.follow(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/feed/", "--after", "0")
        assert "begins after 5" in tail.wait_for("GAP")
        tail.end()
