"""System checks of the durable handlers."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from feed.handlers import registry
from feed.handlers.matching import problems


@register(Tags.models)
def handlers_follow_streams(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E015: a handler of a stream that can't hold anything would never be called."""
    hint = "Name streams such as 'public', 'kind:deploy' or 'user:alice'."
    return [
        Error(f"The handler {handler.name} can't follow its streams: {problem}", hint=hint, id="feed.E015")
        for handler in registry.HANDLERS.values()
        for problem in problems(handler.streams)
    ]
