"""System checks of how the project is served: without a websocket, pages aren't live."""

import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.core.management import get_commands
from django.db import connection

MENTIONS_FEED = re.compile(r"\b(with_feed|websocket_urlpatterns)\b")
WITHOUT_WEBSOCKETS = {"django.core", "django.contrib.staticfiles"}
"""The apps whose `runserver` serves WSGI only."""


@register()
def websocket_is_served(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W012: looks into the source, because importing it would set up a second application."""
    name = _asgi_module()
    source = _source(name)
    if source and MENTIONS_FEED.search(source):
        return []
    problem = "isn't there" if source is None else "doesn't mention feed.asgi.with_feed"
    hint = (
        "In asgi.py: application = feed.asgi.with_feed(get_asgi_application()). If the file has another name, set "
        "ASGI_APPLICATION. If the websocket is added elsewhere, silence this check."
    )
    return [Warning(f"The module of the ASGI application, {name!r}, {problem}.", hint=hint, id="feed.W012")]


def _asgi_module() -> str:
    """The module of ASGI_APPLICATION. Without that setting, the one that `startproject` makes beside the URLs."""
    application = getattr(settings, "ASGI_APPLICATION", None)
    neighbour = getattr(settings, "ROOT_URLCONF", "")
    return str(application).rpartition(".")[0] if application else f"{neighbour.rpartition('.')[0]}.asgi".lstrip(".")


def _source(module: str) -> str | None:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # a parent package is missing, or the module is __main__
        return None
    return Path(spec.origin).read_text(errors="replace") if spec and spec.has_location and spec.origin else None


@register()
def processes_hear_each_other(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W013: without a common channel layer, each process asks the database instead, many times a second."""
    reason = _reason_for_several_processes()
    if reason is None or not isinstance(get_channel_layer(), InMemoryChannelLayer | None):
        return []
    hint = "Set CHANNEL_LAYERS to channels_redis.pubsub.RedisPubSubChannelLayer. With one process, silence this check."
    message = f"{reason}, but no channel layer tells other processes of new events: they see them up to 0.1 s later."
    return [Warning(message, hint=hint, id="feed.W013")]


def _reason_for_several_processes() -> str | None:
    workers = os.environ.get("WEB_CONCURRENCY", "")
    if workers.isdecimal() and int(workers) > 1:
        return f"WEB_CONCURRENCY asks for {workers} processes"
    return "The project runs on PostgreSQL without DEBUG" if _is_in_production() else None


def _is_in_production() -> bool:
    return connection.vendor == "postgresql" and not settings.DEBUG


@register()
def development_server_has_websockets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """feed.W014: Django's own `runserver` answers 404 to a websocket."""
    if sys.argv[1:2] != ["runserver"] or get_commands()["runserver"] not in WITHOUT_WEBSOCKETS:
        return []
    hint = (
        "Put 'daphne' first in INSTALLED_APPS (pip install 'django-rill[daphne]') and set ASGI_APPLICATION, or run "
        "another ASGI server, such as uvicorn."
    )
    return [Warning("This runserver has no websockets, so no page is live.", hint=hint, id="feed.W014")]
