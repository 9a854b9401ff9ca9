"""All faults, in the order of the table."""

from types import ModuleType

from tests.faults import (
    clients_fail,
    clients_hostile,
    clocks,
    crowds,
    cursors,
    numbering_fails,
    posters_fail,
    postgresql_fails,
    redis_fails,
    servers_fail,
    sessions_end,
    sqlite_shared,
    storage_fails,
    transactions,
)
from tests.faults.registry import REGISTERED, Fault

PARTS = [
    *(servers_fail, posters_fail, redis_fails, crowds),
    *(postgresql_fails, numbering_fails, transactions, sqlite_shared, cursors, clocks, sessions_end),
    *(clients_fail, clients_hostile, storage_fails),
]


def faults_of(part: ModuleType) -> list[Fault]:
    return [fault for fault in REGISTERED if fault.play.__module__ == part.__name__]


FAULTS = [fault for part in PARTS for fault in faults_of(part)]
