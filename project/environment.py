"""Reads and checks the environment variables. A bad value stops the start with one sentence."""

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError, validate
from limits import parse_many

from project.databases import database
from project.mail import email

VARIABLES = {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "REDIS_URL"}
VARIABLES |= {"HOST", "PORT", "LOGIN_LIMIT", "LOGIN_ADDRESS_LIMIT", "SIGNUP_LIMIT", "RESET_LIMIT", "PICTURE_LIMIT"}
VARIABLES |= {"REPORT_LIMIT"}
VARIABLES |= {"EMAIL_URL", "EMAIL_FROM", "LOG_FORMAT", "LOG_LEVEL"}

# Treat empty variables as not set, because compose files pass them so.
for name, value in list(os.environ.items()):
    if not value and (name in VARIABLES or name.startswith("FEED_")):
        del os.environ[name]

YEAR = 366 * 24 * 3600

env = Env()
positive = validate.Range(min=0, min_inclusive=False, error="Must be greater than 0.")


def one_of(*choices: str) -> validate.OneOf:
    return validate.OneOf(choices, error=f"Must be one of {', '.join(choices)}.")


@contextmanager
def exit_on_bad_value() -> Iterator[None]:
    """Exit with status 1 and one sentence on stderr if a variable has a bad value."""
    try:
        yield
    except EnvValidationError as error:
        variable = str(error).partition(":")[0]
        raise SystemExit(f"{variable}: {' '.join(map(str, error.error_messages))}") from None


env.parser_for("database")(database)
env.parser_for("email")(email)


@env.parser_for("origins")
def _origins(value: str | list[str]) -> list[str]:
    if isinstance(value, list):  # the default
        return value
    origins = [origin.strip() for origin in value.split(",") if origin.strip()]
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
            raise ValidationError(f"Must be a list of origins like https://rill.example; {origin!r} is not one.")
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
        raise ValidationError("Must be a URL like redis://host:6379/0, rediss://host:6379/0 or unix:///path.")
    return url


@env.parser_for("limit")
def _limit(notation: str) -> str:
    try:
        usable = all(1 <= item.amount <= 10_000 and item.get_expiry() <= YEAR for item in parse_many(notation))
    except ValueError:
        usable = False
    if not usable:
        raise ValidationError(
            f"Must be a limit like 10/minute, or several like '10/minute; 100/day', not {notation!r}."
            " The amount is from 1 to 10000, the time at most a year."
        )
    return notation


def secret_key(file: Path) -> str:
    """The key in `file`. Creates it at the first start, readable only by its owner."""
    try:
        file.parent.mkdir(exist_ok=True)
        return file.read_text() if file.exists() else _new_key(file)
    except OSError as error:
        raise SystemExit(
            f"SECRET_KEY is not set, and {file} can't be read or made: {error.strerror}. Set SECRET_KEY."
        ) from None


def _new_key(file: Path) -> str:
    """Write the key to another file and link it, so that no process that starts at the same time reads half a key."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as made:
        made.write(secrets.token_urlsafe(50))
        made.flush()
        with suppress(FileExistsError):
            file.hardlink_to(made.name)
    return file.read_text()
