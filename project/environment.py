"""What the environment says, checked: a value that can't be used ends the start with one sentence."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from environs import Env, EnvValidationError, ValidationError, validate

ENGINES = {"django.db.backends.postgresql", "django.db.backends.sqlite3"}

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


@env.parser_for("database")
def _database(url: str) -> dj_database_url.DBConfig:
    try:
        config = dj_database_url.parse(url)
    except ValueError:
        raise ValidationError("Not a database URL like postgresql://user:password@host/name.") from None
    if config["ENGINE"] not in ENGINES:
        raise ValidationError("Only postgresql:// and sqlite:// databases are supported.")
    if config["NAME"] in {"", ":memory:"}:
        raise ValidationError("Names no database that several processes can open.")
    return config


@env.parser_for("redis")
def _redis(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    try:
        usable = parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable and not (parts.scheme == "unix" and parts.path):
        raise ValidationError("Not a Redis URL like redis://host:6379/0.")
    return url


def secret_key(file: Path) -> str:
    """The key in `file`: made there when first asked for, readable by its owner alone."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as made:
        made.write(key)
    return key
