"""What DATABASE_URL says, as Django's DATABASES has it, with what Rill needs where the URL says nothing else."""

import math
from collections.abc import Callable
from typing import Any

import dj_database_url
from environs import ValidationError
from psycopg.pq import Conninfo

from project.postgresql import POOL

SQLITE: dict[str, Any] = {
    # IMMEDIATE, or a transaction that reads before it writes fails with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL",
}
MODES = {"DEFERRED", "IMMEDIATE", "EXCLUSIVE"}

GIVEN_UP_AFTER = 6
"""Seconds after which the system ends a link to PostgreSQL on which the other end doesn't even acknowledge what it is
sent: it is half open, and nobody would be told."""
POSTGRESQL: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": GIVEN_UP_AFTER // 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": GIVEN_UP_AFTER * 1000,  # milliseconds
}
DJANGOS = {"pool", "assume_role", "isolation_level", "server_side_binding", "prepare_threshold"}


def database(url: str) -> dict[str, Any]:
    """Raises ValidationError with a sentence about the URL."""
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError:
        raise ValidationError("Not a database URL like postgresql://user:password@host/name.") from None
    if config["ENGINE"] not in ENGINES:
        raise ValidationError("Only postgresql:// and sqlite:// databases are supported.")
    if config["NAME"] in {"", ":memory:"}:
        raise ValidationError("Names no database that several processes can open.")
    options_for, engine = ENGINES[config["ENGINE"]]
    return config | {"ENGINE": engine, "OPTIONS": options_for(config.get("OPTIONS", {}))}


def _sqlite(options: dict[str, Any]) -> dict[str, Any]:
    _assert_known(options, set(SQLITE))
    found = SQLITE | options
    return found | {
        "timeout": _seconds(found["timeout"]),
        "transaction_mode": _mode(found["transaction_mode"]),
        # After ours, so that it may change it.
        "init_command": "; ".join(dict.fromkeys([SQLITE["init_command"], str(found["init_command"])])),
    }


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValidationError(f"timeout must be a number of seconds like 20, not {value!r}.")
    return seconds


def _mode(value: object) -> str:
    if str(value).upper() not in MODES:
        raise ValidationError(f"transaction_mode must be one of {', '.join(sorted(MODES))}, not {value!r}.")
    return str(value).upper()


def _postgresql(options: dict[str, Any]) -> dict[str, Any]:
    _assert_known(options, DJANGOS | {option.keyword.decode() for option in Conninfo.get_defaults()})
    pool = options.get("pool", True)
    if not isinstance(pool, bool):
        raise ValidationError(f"pool must be true or false, not {pool!r}.")
    return POSTGRESQL | options | {"pool": pool and POOL}


def _assert_known(options: dict[str, Any], known: set[str]) -> None:
    """An option that the driver doesn't know would fail every connection, one that nobody reads be taken as kept."""
    for name, value in options.items():
        if name not in known:
            raise ValidationError(f"There is no option {name!r} for this kind of database.")
        if isinstance(value, list):
            raise ValidationError(f"The option {name!r} is there more than once.")


ENGINES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "django.db.backends.sqlite3": (_sqlite, "django.db.backends.sqlite3"),
    "django.db.backends.postgresql": (_postgresql, "project.postgresql"),
}
