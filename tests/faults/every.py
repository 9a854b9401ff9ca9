"""All faults, in the order of the table."""

from types import ModuleType

from tests.faults import crowds, posters_fail, redis_fails, servers_fail
from tests.faults.registry import REGISTERED, Fault

PARTS = [servers_fail, posters_fail, redis_fails, crowds]


def faults_of(part: ModuleType) -> list[Fault]:
    return [fault for fault in REGISTERED if fault.play.__module__ == part.__name__]


FAULTS = [fault for part in PARTS for fault in faults_of(part)]
