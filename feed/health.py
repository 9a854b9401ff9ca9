"""Health checks for process managers and load balancers."""

import asyncio
from dataclasses import asdict
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from feed import log
from feed.conf import conf
from feed.doorbell import RING_TIMEOUT
from feed.handlers.lag import lags
from feed.hub import running_hub

MAX_MISSED_POLLS = 5
"""Polls in a row that a hub may miss before its process is unready."""
DATABASE_TIMEOUT = 5.0
"""Seconds that the database has to answer."""


# ATOMIC_REQUESTS would open a transaction, and refuses async views.
@transaction.non_atomic_requests
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@transaction.non_atomic_requests
@never_cache
@require_safe
async def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the process can serve, else 503. A broken doorbell makes the feed slower, not unready."""
    database = await _database()
    hub = _hub(database.get("position", 0))
    handlers = await _handlers() if database["ok"] else {"ok": True}
    ready = database["ok"] and hub["ok"] and handlers["ok"]
    report = {"ready": ready, "database": database, "doorbell": await _doorbell(), "hub": hub}
    if "lags" in handlers:
        report["handlers"] = handlers
    return JsonResponse(report, status=200 if ready else 503)


async def _database() -> dict[str, Any]:
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT):
            state = await sync_to_async(log.state)()
    except (DatabaseError, TimeoutError) as error:
        return {"ok": False, "reason": type(error).__name__}
    return {"ok": True, "position": state.head, "waiting": state.waiting}


async def _handlers() -> dict[str, Any]:
    """How far the handlers are behind. Where they run doesn't matter."""
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT):
            found = await sync_to_async(lags)()
    except (DatabaseError, TimeoutError) as error:
        return {"ok": True, "reason": type(error).__name__}
    late = any(lag.is_late for lag in found)
    return {"ok": not late, "lags": [asdict(lag) for lag in found]} if found else {"ok": True}


async def _doorbell() -> dict[str, Any]:
    layer = get_channel_layer()
    if layer is None:
        return {"ok": False, "reason": "There is no channel layer."}
    try:
        async with asyncio.timeout(RING_TIMEOUT):
            await layer.group_send("feed.nobody", {"type": "feed.nothing"})
    except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise)
        return {"ok": False, "reason": type(error).__name__}
    return {"ok": True}


def _hub(position: int) -> dict[str, Any]:
    """How far the hub of this process is behind the log, in changes and seconds. The first watcher starts the hub."""
    hub = running_hub()
    if hub is None:
        return {"ok": True, "following": False}
    silent = hub.poller.seconds_since_read()
    ok = silent < MAX_MISSED_POLLS * conf.FEED_POLL and not hub.is_stopping
    lag = max(0, position - hub.tail.head)
    return {"ok": ok, "following": True, "stopping": hub.is_stopping, "lag": lag, "seconds": round(silent, 3)}
