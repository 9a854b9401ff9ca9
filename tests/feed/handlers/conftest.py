from collections.abc import Callable
from typing import Any

import pytest

from feed.handlers import HandledChange, Handler, registry

Function = Callable[[HandledChange], object]
Make = Callable[..., Handler]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Registers a function as the handler `test`, the only one."""
    monkeypatch.setattr(registry, "HANDLERS", {})
    monkeypatch.setattr(registry, "SOURCES", [])

    def made(function: Function, *streams: str, name: str = "test", **options: Any) -> Handler:
        registry.handler(*streams, name=name, **options)(function)
        return registry.HANDLERS[name]

    return made


@pytest.fixture
def seen() -> list[HandledChange]:
    """What a handler `seen.append` was called with."""
    return []
