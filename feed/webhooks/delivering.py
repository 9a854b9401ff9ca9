"""Delivers a change to a webhook."""

from datetime import UTC, datetime

import msgspec
from standardwebhooks import Webhook as Signer

import feed
from feed.frames.describe import as_json
from feed.handler_tables import Webhook
from feed.handlers.change import HandledChange
from feed.webhooks.posting import post

GONE = 410


class Undelivered(Exception):
    """The receiver has answered with an error."""


def deliver(webhook: Webhook, change: HandledChange) -> None:
    """Raises Undelivered, and what `post` raises. A receiver that answers 410 is sent nothing any more."""
    now = datetime.now(UTC)
    body = payload(change, now)
    status, answer = post(webhook.url, body, signed(webhook.secret, change.key, now, body))
    if status == GONE:
        Webhook.objects.filter(pk=webhook.pk).update(is_active=False)
    elif not 200 <= status < 300:
        raise Undelivered(f"The receiver answered {status}: {answer[:200]}")


def payload(change: HandledChange, now: datetime) -> bytes:
    """The message. Its event is as in the frames of the websocket, so what doesn't exist any more is deleted."""
    action = change.action if change.event else "deleted"
    gone = {"id": change.event_id, "kind": change.kind}
    event = msgspec.Raw(as_json(change.event).encode()) if change.event else gone
    entry = {"log": change.log, "position": change.position, "action": action, "event": event}
    return msgspec.json.encode({"type": f"{change.kind}.{action}", "timestamp": now, "data": entry})


def signed(secrets: str, key: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers, with a signature for each of the secrets."""
    signatures = [Signer(secret).sign(key, now, body.decode()) for secret in secrets.split()]
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Rill/{feed.__version__}",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
