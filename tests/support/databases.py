"""New databases for the tests, and the environment of a process that uses one."""

import atexit
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from tests.support.processes import temporary_folder

ROOT = Path(__file__).resolve().parents[2]
RILL_VARIABLES = {
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "REDIS_URL",
    "HOST",
    "PORT",
}
RILL_VARIABLES |= {"LOGIN_LIMIT", "LOGIN_ADDRESS_LIMIT", "SIGNUP_LIMIT", "RESET_LIMIT", "PICTURE_LIMIT", "REPORT_LIMIT"}
RILL_VARIABLES |= {"EMAIL_URL", "EMAIL_FROM", "LOG_FORMAT", "LOG_LEVEL"}


@contextmanager
def sqlite_database() -> Iterator[str]:
    """The URL of a new, migrated SQLite file. It is a copy, because migrating takes seconds."""
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
    """The URL of a new PostgreSQL database: empty, or a copy of `template`, which must have no connections."""
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
    """Run manage.py. Returns its output. Raises CalledProcessError, with the output as a note."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        error.add_note(done.stdout + done.stderr)
        raise error
    return done.stdout


def clean_environment(database_url: str) -> dict[str, str]:
    """This process's environment without the variables that configure Rill."""
    kept = {
        name: value for name, value in os.environ.items() if name not in RILL_VARIABLES and not name.startswith("FEED_")
    }
    return kept | {"DATABASE_URL": database_url, "SECRET_KEY": "for the servers of the tests only"}
