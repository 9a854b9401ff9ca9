"""Decorators for the steps of the machine, and the strategies that they draw from."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine.clients import Client
from tests.machine.page import Page
from tests.machine.program import Program
from tests.machine.teams import AUDIENCES
from tests.machine.world import USERS, World
from tests.machine.writers import KINDS, WAYS, Writer

Step = TypeVar("Step", bound=Callable[..., None])
Arrival = tuple[type[Client], str, frozenset[str], str, int]
"""A client that connects: its format, user and streams, where it starts, and to which hub it connects."""

texts = st.sampled_from(["Hello", "Bye", "Long " * 200])
audiences = st.sampled_from(AUDIENCES)
ways = st.sampled_from(WAYS)
ways_of_relations = st.sampled_from([*WAYS, "relation"])
hubs = st.sampled_from([0, 1])
streams = st.frozensets(
    st.one_of(
        st.just("public"),
        st.builds("user:{}".format, st.sampled_from(USERS)),
        st.builds("kind:{}".format, st.sampled_from(["welcome", *KINDS])),
        st.builds("thread:{}".format, st.integers(1, 12)),
        st.sampled_from(AUDIENCES),
    ),
    min_size=1,
    max_size=3,
)
starts = st.sampled_from(["head", "snapshot", "beginning", "future", "other log"])
# Alice and bob are members, carol is an outsider, and "" is nobody.
viewers = st.sampled_from([*USERS, ""])
arrivals: st.SearchStrategy[Arrival] = st.tuples(st.sampled_from([Program, Page]), viewers, streams, starts, hubs)


def when(possible: Callable[[World], object], **drawn: st.SearchStrategy[Any]) -> Callable[[Step], Step]:
    """A step that runs only when it is possible."""

    def decorate(method: Step) -> Step:
        step: Step = rule(**drawn)(method)  # type: ignore[call-overload]
        return precondition(lambda machine: bool(possible(machine.world)))(step)

    return decorate


def one_of(choose: Callable[[World], Sequence[Any]], **drawn: st.SearchStrategy[Any]) -> Callable[[Step], Step]:
    """A step about `one` of the current choices, if there are any."""
    one = st.runner().flatmap(lambda machine: st.sampled_from(choose(machine.world)))
    return when(choose, one=one, **drawn)


def write(
    choose: Callable[[World, Writer], Sequence[Any]], **drawn: st.SearchStrategy[Any]
) -> Callable[[Step], Callable[..., None]]:
    """A step of a writer, about one of that writer's current choices.

    The writer may begin a transaction or set a savepoint before it, and commit or roll back after it.
    """

    def each(world: World) -> list[tuple[Writer, Any]]:
        return [(writer, found) for writer in world.writers for found in choose(world, writer)]

    def decorate(method: Step) -> Callable[..., None]:
        def step(self: Any, one: tuple[Writer, Any], enter: bool, end: str, **others: Any) -> None:
            writer, found = one
            if enter:
                writer.enter()
            method(self, writer, found, **others)
            if writer.depth and end:
                self.end(writer, end)

        step.__name__ = method.__name__
        return one_of(each, enter=st.booleans(), end=st.sampled_from(["", "", *ENDS]), **drawn)(step)

    return decorate


ENDS = ("commit", "roll back")
ends = st.sampled_from(ENDS)
