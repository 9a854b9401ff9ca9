"""The system check of FEED_PRESENCE."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from feed.conf import conf
from feed.presence.watching import MODES


@register()
def presence_is_known(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.E013: any other value shows the number only."""
    if conf.FEED_PRESENCE in MODES:
        return []
    choices = ", ".join(map(repr, MODES))
    return [Error(f"FEED_PRESENCE must be one of {choices}, not {conf.FEED_PRESENCE!r}.", id="feed.E013")]
