"""Turns DATABASE_URL into an entry of Django's DATABASES. Options that the URL doesn't set get Rill's defaults."""

import math
from collections.abc import Callable
from typing import Any

import dj_database_url
from environs import ValidationError

from project.postgresql import POOL

SQLITE: dict[str, Any] = {
    # Without IMMEDIATE, a transaction that reads before it writes can fail with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL",
}
TRANSACTION_MODES = {"DEFERRED", "IMMEDIATE", "EXCLUSIVE"}

TCP_TIMEOUT = 6
"""Seconds after which the kernel ends a connection to PostgreSQL whose other end doesn't acknowledge anything. Without
it, a half-open connection would go unnoticed."""
POSTGRESQL: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": TCP_TIMEOUT // 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": TCP_TIMEOUT * 1000,  # milliseconds
}
DJANGO_OPTIONS = {"pool", "assume_role", "isolation_level", "server_side_binding", "prepare_threshold"}


def database(url: str) -> dict[str, Any]:
    """The settings for this URL. Raises ValidationError with a sentence that says what is wrong."""
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError:
        raise ValidationError("Must be a URL like postgresql://user:password@host/name or sqlite:///path.") from None
    if config["ENGINE"] not in ENGINES:
        raise ValidationError("Must start with postgresql:// or sqlite://. Other databases are not supported.")
    if config["NAME"] in {"", ":memory:"}:
        raise ValidationError("Must name a database that several processes can open, not one in memory.")
    options_for, engine = ENGINES[config["ENGINE"]]
    return config | {"ENGINE": engine, "OPTIONS": options_for(config.get("OPTIONS", {}))}


def _sqlite(options: dict[str, Any]) -> dict[str, Any]:
    _check_options(options, set(SQLITE))
    found = SQLITE | options
    return found | {
        "timeout": _seconds(found["timeout"]),
        "transaction_mode": _mode(found["transaction_mode"]),
        # The URL's commands come last, so that they can override the default.
        "init_command": "; ".join(dict.fromkeys([SQLITE["init_command"], str(found["init_command"])])),
    }


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValidationError(f"The option timeout must be a number of seconds like 20, not {value!r}.")
    return seconds


def _mode(value: object) -> str:
    if str(value).upper() not in TRANSACTION_MODES:
        modes = ", ".join(sorted(TRANSACTION_MODES))
        raise ValidationError(f"The option transaction_mode must be one of {modes}, not {value!r}.")
    return str(value).upper()


def _postgresql(options: dict[str, Any]) -> dict[str, Any]:
    from psycopg.pq import Conninfo  # noqa: PLC0415 (not on SQLite: it slows the start)

    _check_options(options, DJANGO_OPTIONS | {option.keyword.decode() for option in Conninfo.get_defaults()})
    pool = options.get("pool", True)
    if not isinstance(pool, bool):
        raise ValidationError(f"The option pool must be true or false, not {pool!r}.")
    return POSTGRESQL | options | {"pool": pool and POOL}


def _check_options(options: dict[str, Any], known: set[str]) -> None:
    """Refuse unknown options at the start. The driver would fail every connection for them, or ignore them silently."""
    for name, value in options.items():
        if name not in known:
            raise ValidationError(f"The option {name!r} doesn't exist for this kind of database. Remove it.")
        if isinstance(value, list):
            raise ValidationError(f"The option {name!r} must be given only once.")


ENGINES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "django.db.backends.sqlite3": (_sqlite, "django.db.backends.sqlite3"),
    "django.db.backends.postgresql": (_postgresql, "project.postgresql"),
}
