"""All faults, in the order of the table."""

from tests.faults.harness.registry import REGISTERED
from tests.faults.scenarios import (
    clients,
    clocks,
    cursors,
    hostile_clients,
    many_clients,
    numbering,
    posters,
    postgresql,
    redis,
    servers,
    sessions,
    sqlite,
    storage,
    transactions,
)

SCENARIOS = [
    *(servers, posters, redis, many_clients),
    *(postgresql, numbering, transactions, sqlite, cursors, clocks, sessions),
    *(clients, hostile_clients, storage),
]
FAULTS = [fault for scenario in SCENARIOS for fault in REGISTERED if fault.scenario == scenario.__name__]
