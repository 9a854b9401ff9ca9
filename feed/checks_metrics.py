"""The system checks of FEED_METRICS."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from feed.conf import conf
from feed.metrics import OPEN, is_installed

SHORTEST = 16
"""Characters of a token that can't be guessed."""


@register()
def metrics_can_be_read(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E016: `/metrics` would be answered with 404, or anybody could guess the token."""
    who = conf.FEED_METRICS
    if not who:
        return []
    if not is_installed:
        hint = "Install django-rill[metrics], or remove FEED_METRICS."
        return [Error("FEED_METRICS is set, and prometheus-client isn't installed.", hint=hint, id="feed.E016")]
    if who != OPEN and not (isinstance(who, str) and len(who) >= SHORTEST):
        text = f"FEED_METRICS must be None, {OPEN!r} or a token of at least {SHORTEST} characters."
        return [Error(text, id="feed.E016")]
    return []
