"""What the environment says, checked: a value that can't be used ends the start with one sentence."""

import os
import re
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError, validate
from limits import parse_many

from project.databases import database
from project.links import Link

NAMES = {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "REDIS_URL", "HOST", "PORT"}
NAMES |= {"LOGIN_LIMIT", "LOGIN_ADDRESS_LIMIT", "SIGNUP_LIMIT"}

# An empty variable is one that isn't set: compose files pass them so.
for name, value in list(os.environ.items()):
    if not value and (name in NAMES or name.startswith("FEED_")):
        del os.environ[name]

YEAR = 366 * 24 * 3600

env = Env()
positive = validate.Range(min=0, min_inclusive=False, error="Must be greater than 0.")


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn a variable that can't be used into a sentence on stderr, and exit status 1."""
    try:
        yield
    except EnvValidationError as error:
        variable = str(error).partition(":")[0]
        raise SystemExit(f"{variable}: {' '.join(map(str, error.error_messages))}") from None


env.parser_for("database")(database)


@env.parser_for("origins")
def _origins(value: str | list[str]) -> list[str]:
    if isinstance(value, list):  # the default
        return value
    origins = [origin.strip() for origin in value.split(",") if origin.strip()]
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
            raise ValidationError(f"{origin} is not an origin like https://rill.example.")
    return origins


@env.parser_for("redis")
def _redis(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    try:
        numbered = re.fullmatch(r"(/[0-9]*)?", parts.path) is not None
        usable = parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0 and numbered
    except ValueError:
        usable = False
    if not usable and not (parts.scheme == "unix" and parts.path):
        raise ValidationError("Not a Redis URL like redis://host:6379/0.")
    return url


@env.parser_for("limit")
def _limit(notation: str) -> str:
    try:
        usable = all(1 <= item.amount <= 10_000 and item.get_expiry() <= YEAR for item in parse_many(notation))
    except ValueError:
        usable = False
    if not usable:
        raise ValidationError("Not a limit like 10/minute, or several of them like 10/minute; 100/day.")
    return notation


def secret_key(file: Path) -> str:
    """The key in `file`: made there when first asked for, readable by its owner alone."""
    try:
        file.parent.mkdir(exist_ok=True)
        return file.read_text() if file.exists() else _new_key(file)
    except OSError as error:
        raise SystemExit(f"SECRET_KEY is not set, and {file} can't be used instead: {error.strerror}.") from None


def _new_key(file: Path) -> str:
    """Written aside and then linked, so that of two processes that start at once neither reads half a key."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as made:
        made.write(secrets.token_urlsafe(50))
        made.flush()
        with suppress(FileExistsError):
            file.hardlink_to(made.name)
    return file.read_text()


def keepalive(url: str, seconds: int) -> dict[str, object]:
    """What redis-py needs to end a link that is half open: the other machine has gone without a word.

    As far as the operating system has the options; a socket in the file system needs none. One that is encrypted gets
    none, as redis-py then takes a class of its own, which doesn't say when it is broken: its hub stays deaf, and polls.
    """
    if not url.startswith("redis:"):
        return {}
    wanted = {
        "TCP_KEEPIDLE": seconds // 2,
        "TCP_KEEPINTVL": max(1, seconds // 6),
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": seconds * 1000,
    }
    options = {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
    return {"connection_class": Link, "socket_keepalive": True, "socket_keepalive_options": options}
