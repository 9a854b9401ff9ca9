"""The names of kinds, events and users. Asking for a name never fails: the `__str__` of a kind is guarded."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from feed.kinds import guard
from feed.people import NOBODY, name_of


def snake_case(name: str) -> str:
    """Turn the name of a class into the name of its kind: HTTPError becomes http_error."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def guarded(text: Callable[[Any], str]) -> Callable[[Any], str]:
    """Decorate a `__str__`: if it fails, the text says whose event it is and of which kind."""
    if getattr(text, "is_guarded", False):
        return text

    @wraps(text)
    def guarded_text(event: Any) -> str:
        kind = event.kind
        return guard.attempt("name", kind, lambda: str(text(event)), lambda: simplest_text(event))

    guarded_text.is_guarded = True  # type: ignore[attr-defined]
    return guarded_text


def simplest_text(event: Any) -> str:
    name = NOBODY if event.user_id is None else author(event) or "?"
    return f"{name}: {event.kind.replace('_', ' ')}"


def author(event: Any) -> str | None:
    """The name of the event's user, or None if it has none or if the user can't be loaded."""
    return guard.attempt("load the user of", event.kind, lambda: name_of(event.user), lambda: None)
