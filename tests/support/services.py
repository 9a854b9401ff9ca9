"""A real PostgreSQL and a real Redis for the tests, each with its own temporary folder and port.

    python -m tests.support.services [--database sqlite|postgresql] COMMAND...

runs a command while both are up, with TEST_POSTGRESQL_URL and TEST_REDIS_URL in its environment. A service that is not
installed is not started, and its variable is not set. A variable that is already set is kept.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

import psycopg
import redis as redis_client

from tests.support.processes import (
    TIMEOUT,
    Command,
    as_user,
    find,
    free_port,
    temporary_folder,
    unprivileged_user,
    wait_until,
)

STOP_TIMEOUT = 20.0
"""Seconds for the command to end after Ctrl-C."""


class Service:
    """A server process that can be stopped, killed, frozen, and started again at the same address.

    It has its own session, so that Ctrl-C in a terminal reaches only the processes that use it.
    """

    def __init__(
        self, url: str, command: Command, ready: Callable[[], bool], folder: Path, user: str | None = None
    ) -> None:
        self.url = url
        self._command = [str(part) for part in command]
        self._ready = ready
        self._log = folder / "log"
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
                **as_user(self._user),
            )
        wait_until(self._answers, f"{Path(self._command[0]).name} to answer")

    def stop(self) -> None:
        self._end(signal.SIGINT)  # makes PostgreSQL stop without waiting for its clients

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self._command[0]} ended instead of answering:\n{self.log()}")
        return self._ready()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        self._signal(number)
        self._signal(signal.SIGCONT)
        if self._process is not None:
            self._process.wait(TIMEOUT)
            self._process = None


AnyService = TypeVar("AnyService", bound=Service)


@contextmanager
def postgresql() -> Iterator[Service]:
    """A temporary PostgreSQL; its url is the superuser's. Raises FileNotFoundError if it is not installed."""
    initdb, postgres = find("initdb"), find("postgres")
    user = unprivileged_user()
    port, password = free_port(), secrets.token_hex()
    with temporary_folder(user) as folder:
        password_file = folder / "password"
        password_file.write_text(password)
        password_file.chmod(0o644)  # only the owner can enter the folder
        options = {"pgdata": folder / "data", "username": "rill", "pwfile": password_file, "auth": "scram-sha-256"}
        initialise: Command = [initdb, "--no-sync", "--encoding=UTF8", "--locale=C", *long_options(options)]
        subprocess.run(initialise, check=True, capture_output=True, cwd="/", **as_user(user))
        url = f"postgresql://rill:{password}@127.0.0.1:{port}/postgres"
        address = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
        not_durable = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command: Command = [postgres, "-D", folder / "data", *long_options(address | not_durable)]
        service = Service(url, command, lambda: postgresql_answers(url), folder, user)
        yield from serving(service)


@contextmanager
def redis() -> Iterator[Service]:
    """A temporary Redis that keeps nothing on disk. Raises FileNotFoundError if it is not installed."""
    server, port = find("redis-server"), free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with temporary_folder() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        command: Command = [server, *options]
        yield from serving(Service(url, command, lambda: redis_answers(url), folder))


def long_options(values: Mapping[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items()]


def serving(service: AnyService) -> Iterator[AnyService]:
    try:
        service.start()
        yield service
    finally:
        service.stop()


def postgresql_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def redis_answers(url: str) -> bool:
    try:
        with redis_client.Redis.from_url(url, socket_timeout=5) as client:
            return bool(client.ping())
    except redis_client.RedisError:
        return False


STARTERS = {"TEST_POSTGRESQL_URL": postgresql, "TEST_REDIS_URL": redis}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.services")
    parser.add_argument(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="the kind of DATABASE_URL"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    with ExitStack() as stack:
        environment = os.environ | dict(start_missing(stack))
        if arguments.database == "postgresql":
            if "TEST_POSTGRESQL_URL" not in environment:
                return skip(arguments.command)
            environment["DATABASE_URL"] = environment["TEST_POSTGRESQL_URL"]
        return run(arguments.command, environment)


def start_missing(stack: ExitStack) -> Iterator[tuple[str, str]]:
    for variable, starter in STARTERS.items():
        if variable in os.environ:
            continue
        try:
            yield variable, stack.enter_context(starter()).url
        except FileNotFoundError as missing:
            print(f"{missing}, so {variable} is not set.", file=sys.stderr)


def skip(command: list[str]) -> int:
    print(f"PostgreSQL is not installed, so this was not run: {' '.join(command)}", file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command. Returns its exit status as a shell would. The command always ends before this process."""
    with subprocess.Popen(command, env=environment) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The terminal has also sent it to the command, which may need time to clean up.
            status = process.wait(STOP_TIMEOUT)
        finally:
            process.terminate()
    return status if status >= 0 else 128 - status


def leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
