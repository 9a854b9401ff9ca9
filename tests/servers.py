"""Real server processes for the tests, each on a port and a database of its own.

with Server("uvicorn") as server:
    urlopen(server.url("/healthz"))
    server.kill()
    server.start()  # the same port, the same database
"""

import atexit
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from tests.services import PATIENCE, free_port, temporary_folder, wait_until

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
OURS = {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "REDIS_URL", "HOST", "PORT"}
OURS |= {"LOGIN_LIMIT", "LOGIN_ADDRESS_LIMIT", "SIGNUP_LIMIT"}
Kind = Literal["daphne", "uvicorn"]

UVICORN_WEBSOCKETS = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
COMMANDS: dict[Kind, list[str]] = {
    "daphne": ["daphne", "--verbosity", "0", "--bind", HOST],
    "uvicorn": ["uvicorn", "--log-level", "warning", "--host", HOST, "--loop", "uvloop", *UVICORN_WEBSOCKETS],
}


class Server:
    """A server process, the way it is run in production, and its database.

    database_url: a database that has been migrated, such as another server's; without it a new SQLite file.
    options: more of them, after those of its kind.
    environment: more variables, as `FEED_POLL="0.1"`.
    """

    def __init__(
        self,
        kind: Kind = "daphne",
        *,
        options: Sequence[str] = (),
        database_url: str | None = None,
        redis_url: str | None = None,
        **environment: str,
    ) -> None:
        self.kind = kind
        self._options = options
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
        """Start it, for the first time or again, and wait until it answers."""
        assert self._process is None, "It is running."
        program, *options = COMMANDS[self.kind]
        own = ["--port", str(self.port), *self._options]
        command = [sys.executable, "-m", program, *options, *own, "asgi:application"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._answers, f"{self.kind} to answer")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as a service manager would, or Ctrl-C; returns its exit status."""
        return self._end(number)

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
    def pid(self) -> int:
        return self._running().pid

    def url(self, path: str = "/") -> str:
        return f"http://{HOST}:{self.port}{path}"

    def ws_url(self, query: str = "") -> str:
        return f"ws://{HOST}:{self.port}/ws/feed/{query and '?'}{query}"

    def manage(self, *arguments: str) -> str:
        """What manage.py prints, run by another process on the same database."""
        return manage(self._environment, *arguments)

    def shell(self, code: str) -> str:
        """What `code` prints, run by another process, with every model imported. The process stays, to save time."""
        if self._shell is None:
            self._shell = self._stack.enter_context(Shell(self._environment))
        return self._shell.run(code)

    def log(self) -> str:
        """What the process has written, since its first start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def assert_quiet(self) -> None:
        assert self.log() == ""

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "It is not running."
        return self._process

    def _end(self, number: signal.Signals) -> int:
        process = self._running()
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)  # or a frozen one would never hear
        status = process.wait(PATIENCE)
        self._process = None
        return status

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise RuntimeError(f"{self.kind} ended instead of answering:\n{self.log()}")
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


class Shell:
    """A process like `manage.py shell`, that runs one piece of code after the other."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.shell"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=PATIENCE)

    def run(self, code: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(code), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert answer["error"] is None, answer["error"]
        printed: str = answer["printed"]
        return printed


@contextmanager
def sqlite_database() -> Iterator[str]:
    """The URL of a new, migrated SQLite file: a copy, as migrating takes seconds."""
    with temporary_folder() as folder:
        shutil.copy(migrated_file(), folder / "rill.sqlite3")
        yield sqlite_url(folder / "rill.sqlite3")


@cache
def migrated_file() -> Path:
    file = Path(migrated_folder().name) / "migrated.sqlite3"
    migrate(sqlite_url(file))
    return file


@cache
def migrated_folder() -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory(prefix="rill-")
    atexit.register(folder.cleanup)
    return folder


def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@contextmanager
def new_database(server_url: str, template: str | None = None) -> Iterator[str]:
    """The URL of a new PostgreSQL database: an empty one, or a copy of the one at `template`, which nobody may use."""
    url = urlsplit(server_url)._replace(path=f"/rill_{secrets.token_hex(8)}").geturl()
    original = "template1" if template is None else name_of(template)
    run_sql(server_url, SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name_of(url)), Identifier(original)))
    try:
        yield url
    finally:
        run_sql(server_url, SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name_of(url))))


def name_of(database_url: str) -> str:
    return urlsplit(database_url).path.removeprefix("/")


def run_sql(server_url: str, statement: Composed) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


def migrate(database_url: str) -> None:
    manage(clean_environment(database_url), "migrate", "--verbosity", "0")


def manage(environment: dict[str, str], *arguments: str) -> str:
    """What manage.py prints. Raises CalledProcessError, with what it said."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        error.add_note(done.stdout + done.stderr)
        raise error
    return done.stdout


def clean_environment(database_url: str) -> dict[str, str]:
    """This process's environment, but nothing in it that configures Rill."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("FEED_")}
    return kept | {"DATABASE_URL": database_url, "SECRET_KEY": "of no server but those of the tests"}
