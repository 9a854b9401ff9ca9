"""The clients as programs, each in one process for all tests of a file."""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import Any, Self

from tests.support.databases import ROOT
from tests.support.processes import TIMEOUT

HERE = ROOT / "tests" / "clients"
QUICK = {"heartbeat": 20, "timeout": 20, "min_delay": 0.01, "max_delay": 0.05}
"""Comes back at once, and takes a slow machine for no dead one."""
Message = dict[str, Any]


class NotInstalled(Exception):
    pass


def python() -> list[str]:
    return [sys.executable, "-m", "tests.clients.driver"]


def javascript() -> list[str]:
    return [*node(), str(HERE / "driver.mjs")]


def node() -> list[str]:
    """The command for a Node with a WebSocket. Raises NotInstalled."""
    found = shutil.which("node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout if found else "v0"
    major = int(version.removeprefix("v").split(".")[0])
    if found is None or major < 20:
        raise NotInstalled("Node 20 or newer is not installed")
    return [found, "--experimental-websocket", "--no-warnings"] if major < 22 else [found]


CLIENTS: dict[str, Callable[[], list[str]]] = {"python": python, "javascript": javascript}


class ClientProgram:
    """A process that runs a client, for any number of feeds at once."""

    def __init__(self, language: str) -> None:
        paths = [str(ROOT / "clients" / "python"), str(ROOT)]
        self.language = language
        self._process = subprocess.Popen(
            CLIENTS[language](),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": ":".join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._names = count()
        self._told: defaultdict[str, queue.Queue[Message]] = defaultdict(queue.Queue)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(TIMEOUT)
        self._reading.join()

    def follow(self, url: str, *, token: str = "", timing: Message | None = None, **options: Any) -> "Followed":
        name = f"f{next(self._names)}"
        self.tell(id=name, do="follow", url=url, token=token, timing=QUICK | (timing or {}), options=options)
        return Followed(self, name)

    def call(self, method: str, url: str, *, token: str = "", timing: Message | None = None, **arguments: Any) -> Any:
        """What the method returns. Raises Failed."""
        name = f"c{next(self._names)}"
        timing = QUICK | (timing or {})
        self.tell(id=name, do="call", method=method, url=url, token=token, timing=timing, arguments=arguments)
        told = self.told(name)
        if "error" in told:
            raise Failed(told["error"])
        return told["result"]

    def tell(self, **command: Any) -> None:
        assert self._process.stdin
        print(json.dumps(command), file=self._process.stdin, flush=True)

    def told(self, name: str) -> Message:
        return self._told[name].get(timeout=TIMEOUT)

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout:
            for line in self._process.stdout:
                message = json.loads(line)
                self._told[message["id"]].put(message)


class Failed(Exception):
    """error: `name`, `message`, `code`, `status`."""

    def __init__(self, error: Message) -> None:
        super().__init__(f"{error['name']}: {error['message']}")
        self.error = error


class Followed:
    """A feed that a client follows. state: the texts that its updates add up to, by event."""

    def __init__(self, program: ClientProgram, name: str) -> None:
        self._program, self._name = program, name
        self.state: dict[int, str] = {}
        self.seen: list[int] = []
        """The positions of all changes, in the order in which they came."""
        self.lost: list[Message] = []

    def next(self) -> Message:
        """The next update. What is said about lost connections before is in `lost`. Raises Failed."""
        while "lost" in (told := self._program.told(self._name)):
            self.lost.append(told["lost"])
        if "error" in told:
            raise Failed(told["error"])
        update: Message = told["update"]
        self._apply(update)
        return update

    def see(self, *texts: str) -> None:
        """Take updates until the texts are exactly these."""
        while sorted(self.state.values()) != sorted(texts):
            self.next()

    def failure(self) -> Message:
        """The error that ends it."""
        try:
            while True:
                self.next()
        except Failed as failed:
            return failed.error

    def next_lost(self) -> Message:
        """What is said about the next lost connection."""
        while not self.lost:
            told = self._program.told(self._name)
            assert "lost" in told or "update" in told, told
            if "update" in told:
                self._apply(told["update"])
            else:
                self.lost.append(told["lost"])
        return self.lost.pop(0)

    def go(self) -> None:
        """Go on after the first update, of which it was told to hold."""
        self._program.tell(id=self._name, do="go")

    def watch(self, *streams: str, after: Message | None = None) -> None:
        self._program.tell(id=self._name, do="watch", streams=streams, after=after)

    def close(self) -> None:
        """End it, and wait until it has ended."""
        self._program.tell(id=self._name, do="close")
        while "done" not in self._program.told(self._name):
            pass

    def _apply(self, update: Message) -> None:
        if update["type"] == "snapshot":
            self.state = {each["id"]: each["text"] for each in update["events"] if "text" in each}
            return
        for change in update["changes"]:
            event = change["event"]
            self.seen.append(change["position"])
            if change["action"] == "deleted":
                self.state.pop(event["id"], None)
            elif "text" in event:
                self.state[event["id"]] = event["text"]
