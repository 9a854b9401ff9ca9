"""Real server processes for the tests, each with its own port and database.

with Server("uvicorn") as server:
    urlopen(server.url("/healthz"))
    server.kill()
    server.start()  # the same port, the same database
"""

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from project.ready import wait
from tests.support.databases import ROOT, clean_environment, manage, sqlite_database
from tests.support.processes import TIMEOUT, free_port, temporary_folder, wait_until

HOST = "127.0.0.1"
DELETE_USERS = """
from django.db import transaction
with transaction.atomic():  # requests of open pages may still be on their way, and add to what is deleted
    User.objects.all().delete()
"""
Kind = Literal["daphne", "uvicorn"]

UVICORN_WEBSOCKETS = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "32768"]
COMMANDS: dict[Kind, list[str]] = {
    "daphne": ["daphne", "--verbosity", "0"],
    "uvicorn": ["uvicorn", "--log-level", "warning", "--loop", "uvloop", *UVICORN_WEBSOCKETS],
}
ADDRESS_OPTIONS: dict[Kind, tuple[str, str]] = {"daphne": ("--bind", "-u"), "uvicorn": ("--host", "--uds")}
"""The options for the address, and for the Unix socket, to listen on."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__(HOST, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Server:
    """A server process as in production, and its database.

    database_url: a migrated database, such as another server's; by default a new SQLite file.
    unix_socket: the file to listen on instead of a port.
    options: more command-line options.
    application: the ASGI application. health: a path that it answers.
    environment: more environment variables, such as `FEED_POLL="0.1"`.
    """

    def __init__(
        self,
        kind: Kind = "daphne",
        *,
        unix_socket: str | None = None,
        options: Sequence[str] = (),
        database_url: str | None = None,
        redis_url: str | None = None,
        application: str = "asgi:application",
        health: str = "/healthz",
        **environment: str,
    ) -> None:
        self.kind = kind
        self._unix_socket = unix_socket
        self._options = options
        self._application, self._health = application, health
        self.port = free_port()
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(temporary_folder())
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: Shell | None = None
        self.database_url = database_url or self._stack.enter_context(sqlite_database())
        self._environment = clean_environment(self.database_url) | environment
        if redis_url is not None:
            self._environment["REDIS_URL"] = redis_url

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            error.add_note(f"The log of {self.kind}:\n{self.log() or '(empty)'}")
        self.close()

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        assert self._process is None, "The server is already running."
        address, file = ADDRESS_OPTIONS[self.kind]
        listen = [file, self._unix_socket] if self._unix_socket else [address, HOST, "--port", str(self.port)]
        command = [sys.executable, "-m", *COMMANDS[self.kind], *listen, *self._options, self._application]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._answers, f"{self.kind} to answer")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it with a signal, as a service manager or Ctrl-C does. Returns its exit status."""
        return self._end(number)

    def restart(self, **environment: str) -> None:
        """Stop it, start it again, and wait until it is ready. environment: more variables, as of another release."""
        self.stop()
        self._environment |= environment
        self._shell = None  # the old one ends with the server
        self.start()
        if reason := wait(self.port, TIMEOUT):
            raise TimeoutError(f"{self.kind} isn't ready. {reason}")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None:
            self.kill()
        self._stack.close()

    @property
    def has_died(self) -> bool:
        """Whether the process has ended by itself, or somebody else has killed it."""
        return self._process is not None and self._process.poll() is not None

    @property
    def pid(self) -> int:
        return self._running().pid

    def url(self, path: str = "/") -> str:
        return f"http://{HOST}:{self.port}{path}"

    def connection(self, timeout: float = TIMEOUT) -> http.client.HTTPConnection:
        if self._unix_socket is None:
            return http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        return UnixConnection(self._unix_socket, timeout)

    def ws_url(self, query: str = "") -> str:
        return f"ws://{HOST}:{self.port}/ws/feed/{query and '?'}{query}"

    def manage(self, *arguments: str) -> str:
        """Run manage.py in another process on the same database. Returns its output."""
        return manage(self._environment, *arguments)

    def shell(self, code: str) -> str:
        """Run code in another process, with all models imported. Returns its output. The process is reused."""
        if self._shell is None:
            self._shell = self._stack.enter_context(Shell(self._environment))
        return self._shell.run(code)

    def log(self) -> str:
        """What the process has written since its first start."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def assert_quiet(self) -> None:
        assert self.log() == ""

    @property
    def log_file(self) -> Path:
        return self._folder / "log"

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "The server is not running."
        return self._process

    def _end(self, number: signal.Signals) -> int:
        process = self._running()
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)  # a frozen process can't handle the signal
        status = process.wait(TIMEOUT)
        self._process = None
        return status

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise RuntimeError(f"{self.kind} ended instead of answering:\n{self.log()}")
        connection = self.connection(timeout=5)
        try:
            connection.request("GET", self._health, headers={"Host": HOST})
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


class Shell:
    """A process like `manage.py shell` that runs pieces of code one after the other."""

    def __init__(
        self, environment: dict[str, str], command: Sequence[str | Path] = (sys.executable, "-m", "tests.support.shell")
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=TIMEOUT)

    def run(self, code: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(code), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert answer["error"] is None, answer["error"]
        printed: str = answer["printed"]
        return printed
