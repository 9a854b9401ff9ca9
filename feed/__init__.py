from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feed.handlers.registry import handler as handler
    from feed.publishing import publish as publish
    from feed.publishing import withdraw as withdraw
    from feed.tracking import track as track
    from feed.tracking import track_logins as track_logins

__version__ = "0.1.0"

# By name, because models can't be imported while Django loads the apps.
_LATER = {
    "handler": "feed.handlers.registry",
    "publish": "feed.publishing",
    "withdraw": "feed.publishing",
    "track": "feed.tracking",
    "track_logins": "feed.tracking",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
