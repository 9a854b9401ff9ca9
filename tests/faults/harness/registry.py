"""The faults, and what each is run on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from tests.faults.harness.report import Row
from tests.faults.harness.stage import DatabaseKind, Size, Stage
from tests.support.servers import Kind

Ground = tuple[Kind, DatabaseKind]
"""What a fault is run on."""

Play = Callable[[Stage, Size], None]


@dataclass(frozen=True)
class Fault:
    """Something that fails around the events.

    key: its name on the command line. name: its words in the table.
    play: does it, and returns when the events are where they should be; raises AssertionError, or TimeoutError,
        with a sentence for a reader of the table if something doesn't hold that isn't a column of it.
    grounds: what it is run on. short: what its short form is run on.
    """

    key: str
    name: str
    play: Play
    grounds: tuple[Ground, ...]
    short: tuple[Ground, ...]

    @property
    def scenario(self) -> str:
        """The name of the module that it stands in."""
        return self.play.__module__

    def on_ground(self, ground: Ground) -> str:
        """Its full name: that of what is played when it is run on this."""
        return "-".join([self.key, *ground])

    def on(self, size: Size) -> tuple[Ground, ...]:
        return self.short if size == "short" else self.grounds


REGISTERED: list[Fault] = []


def fault(
    name: str,
    *,
    servers: Sequence[Kind] = ("daphne", "uvicorn"),
    databases: Sequence[DatabaseKind] = ("sqlite", "postgresql"),
    short: Sequence[Ground] | None = None,
) -> Callable[[Play], Play]:
    """Register a function as a fault, with its words; its key is its own name.

    short: what the short form is run on, by default the first server and the first database alone.
    """
    grounds = tuple(product(servers, databases))

    def register(play: Play) -> Play:
        key = play.__name__.replace("_", "-")
        REGISTERED.append(Fault(key, name, play, grounds, grounds[:1] if short is None else tuple(short)))
        return play

    return register


def play(fault: Fault, ground: Ground, url: str, redis_url: str | None, size: Size) -> Row:
    """Play a fault with the migrated and empty database at `url`. Returns its row of the table."""
    kind, database = ground
    with Stage(kind, url, redis_url) as stage:
        fault.play(stage, size)
        return stage.row(fault.name, database)
