"""Registers the faults, and runs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from tests.faults.harness.cluster import Cluster, DatabaseKind, Size
from tests.faults.harness.report import Row
from tests.support.servers import Kind

Target = tuple[Kind, DatabaseKind]
"""The server and the database that a fault runs on."""

FaultFunction = Callable[[Cluster, Size], None]


@dataclass(frozen=True)
class Fault:
    """Something that fails while events are posted.

    key: its name on the command line. name: its sentence in the table.
    function: does the damage, and returns when every event has arrived. Raises AssertionError or TimeoutError, with a
        sentence for the reader of the table, if something fails that isn't a column.
    targets: what it runs on. short: what its short form runs on.
    """

    key: str
    name: str
    function: FaultFunction
    targets: tuple[Target, ...]
    short: tuple[Target, ...]

    @property
    def scenario(self) -> str:
        """The name of its module."""
        return self.function.__module__

    def name_on(self, target: Target) -> str:
        """Its full name on this target."""
        return "-".join([self.key, *target])

    def on(self, size: Size) -> tuple[Target, ...]:
        return self.short if size == "short" else self.targets


REGISTERED: list[Fault] = []


def fault(
    name: str,
    *,
    servers: Sequence[Kind] = ("daphne", "uvicorn"),
    databases: Sequence[DatabaseKind] = ("sqlite", "postgresql"),
    short: Sequence[Target] | None = None,
) -> Callable[[FaultFunction], FaultFunction]:
    """Register a function as a fault with this sentence. The function's name becomes the key.

    short: what the short form runs on; by default the first server and the first database.
    """
    targets = tuple(product(servers, databases))

    def register(function: FaultFunction) -> FaultFunction:
        key = function.__name__.replace("_", "-")
        REGISTERED.append(Fault(key, name, function, targets, targets[:1] if short is None else tuple(short)))
        return function

    return register


def run_fault(fault: Fault, target: Target, url: str, redis_url: str | None, size: Size) -> Row:
    """Run a fault on the migrated, empty database at `url`. Returns its row of the table."""
    kind, database = target
    with Cluster(kind, url, redis_url) as cluster:
        fault.function(cluster, size)
        return cluster.row(fault.name, database)
