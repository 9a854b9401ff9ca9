"""What a source answers in tests."""

from tests.feed.mirror.conftest import Json

LOG = "k3x9"


def event(key: int, text: str = "Hello") -> Json:
    times = {"created_at": "2026-11-26T12:30:00.500000Z", "edited_at": None}
    common = {
        "id": key,
        "kind": "status_change",
        "user": "alice",
        "summary": f"alice: {text}",
        "url": f"/events/{key}/",
    }
    return common | {"audience": "public", "text": text} | times


def snapshot(position: int, *events: Json, log: str = LOG, following: str | None = None) -> Json:
    return {"log": log, "position": position, "events": list(events), "next": following}
