"""The handlers that there are. Imports no models, so that a handler can be registered while Django loads the apps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from feed.handlers.change import HandledChange, Reset

TRIES = 12
"""How often a change is tried before it waits for somebody to look at it: for a bit more than an hour."""
MAX_NAME = 200

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Handler:
    """
    audiences: events of other audiences are left out. None: all are handled, like by a receiver of `post_save`.
    from_start: whether a new handler begins with the oldest change that the log holds, and not after the head.
    in_order: whether a change that fails holds up those after it.
    tries: how often a failing change is tried. None: for ever.
    on_reset: called when the log doesn't hold what follows the cursor. Without it the handler stops there.
    is_outside: whether the function works outside of the database. It is called without a transaction, and again if
    the process is killed before its cursor is saved.
    """

    name: str
    streams: frozenset[str]
    function: Callable[[HandledChange], object]
    audiences: frozenset[str] | None = None
    from_start: bool = False
    in_order: bool = False
    tries: int | None = TRIES
    on_reset: Callable[[Reset], object] | None = None
    is_outside: bool = False


HANDLERS: dict[str, Handler] = {}
SOURCES: list[Callable[[], Iterable[Handler]]] = []
"""Functions that return more handlers. They may query the database, and are called again and again."""


def handler(
    *streams: str,
    name: str | None = None,
    from_start: bool = False,
    in_order: bool = False,
    tries: int | None = None,
    on_reset: Callable[[Reset], object] | None = None,
) -> Callable[[Function], Function]:
    """Decorate a function that is to be called for every change of these streams.

    name: what its cursor is stored under, by default the path of the function. Give one before you move the function.
    tries: by default 12, and no limit with `in_order`. docs/handlers.md explains the other options.
    """
    if not streams or not all(isinstance(stream, str) for stream in streams):
        raise ImproperlyConfigured('Name the streams of a handler: @feed.handler("kind:deploy").')
    limit = tries if tries is not None or in_order else TRIES

    def register(function: Function) -> Function:
        known_as = name or f"{function.__module__}.{function.__qualname__}"
        _register(Handler(known_as, frozenset(streams), function, None, from_start, in_order, limit, on_reset))
        return function

    return register


def _register(new: Handler) -> None:
    if iscoroutinefunction(new.function):
        raise ImproperlyConfigured(f"The handler {new.name} must not be async: it works in a transaction of a thread.")
    if len(new.name) > MAX_NAME:
        raise ImproperlyConfigured(f"The name of a handler has at most {MAX_NAME} characters: {new.name}.")
    other = HANDLERS.get(new.name)
    if other and _path(other.function) != _path(new.function):
        raise ImproperlyConfigured(f"There are two handlers with the name {new.name!r}. Give one another name.")
    HANDLERS[new.name] = new


def _path(function: Any) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def all_handlers() -> dict[str, Handler]:
    """All handlers by name. May query the database."""
    return HANDLERS | {each.name: each for source in SOURCES for each in source()}
