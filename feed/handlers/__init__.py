"""Durable handlers: functions that are called once, in effect, for every change of their streams, in log order.

An app registers its own in its module `handlers`, which Django finds by itself:

    import feed

    @feed.handler("kind:deploy")
    def announce(change): ...

The cursor of a handler moves in the transaction of what the function does to the default database. So a crash undoes
both or neither. `manage.py run_handlers` calls the functions.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from feed.handlers.change import HandledChange, Reset
from feed.handlers.registry import Handler, all_handlers, handler

if TYPE_CHECKING:
    from feed.handlers.lag import Lag as Lag
    from feed.handlers.lag import lags as lags
    from feed.handlers.running import catch_up as catch_up

__all__ = ["HandledChange", "Handler", "Reset", "all_handlers", "handler"]

# By name, because models can't be imported while Django loads the apps.
_LATER = {"Lag": "feed.handlers.lag", "lags": "feed.handlers.lag", "catch_up": "feed.handlers.running"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
