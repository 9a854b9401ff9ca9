"""The websocket and the Server-Sent Events as an AsyncAPI 3 document, from the kinds that this process knows."""

from typing import Any

import feed
from feed.asyncapi.closing import CLOSE_CODES
from feed.asyncapi.frames import CLIENT_MESSAGES, EVENT_FRAMES, FRAMES, NAMED, schemas
from feed.conf import conf
from feed.frames.schemas import Schema
from feed.paths import EVENTS, SOCKET

CURSOR: dict[str, Schema] = {
    "stream": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["public"],
        "maxItems": 100,
        "description": "The streams to watch. Repeat the parameter for several.",
    },
    "after": {"type": "integer", "minimum": 0, "description": "The cursor. Without it only new changes are sent."},
    "log": {"type": "string", "description": "The name of the log that the cursor counts in. Send it to resume."},
}
FORMAT: Schema = {"type": "string", "enum": ["json", "html"], "default": "json", "description": "`html` is for pages."}
TOKEN: Schema = {"type": "string", "description": "`Bearer` and an access token. Without it, what is public is sent."}
LAST_EVENT_ID: Schema = {"type": "string", "description": "The id of the last event, to resume. Browsers send it."}


def document(host: str, path: str, *, is_secure: bool) -> dict[str, Any]:
    """host, path: where the site is."""
    secure = "s" if is_secure else ""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": conf.FEED_SITE_NAME or "Rill", "version": feed.__version__},
        "defaultContentType": "application/json",
        "servers": {
            "websocket": {"host": host, "pathname": path, "protocol": f"ws{secure}"},
            "http": {"host": host, "pathname": path, "protocol": f"http{secure}"},
        },
        "channels": {"websocket": _websocket(), "sse": _sse()},
        "operations": _operations(),
        "components": {
            "messages": {name: _message(name) for name in [*FRAMES, *CLIENT_MESSAGES]},
            "schemas": schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Optional."}},
        },
    }


def _websocket() -> dict[str, Any]:
    headers = {"type": "object", "properties": {"Authorization": TOKEN}}
    return _channel(SOCKET, "The websocket", "websocket", [*FRAMES, *CLIENT_MESSAGES]) | {
        "bindings": {"ws": {"method": "GET", "query": _query(format=FORMAT), "headers": headers}},
        "x-close-codes": [each._asdict() for each in CLOSE_CODES],
    }


def _sse() -> dict[str, Any]:
    return _channel(EVENTS, "Server-Sent Events: the data of each is one frame", "http", EVENT_FRAMES) | {
        "x-headers": {"Authorization": TOKEN, "Last-Event-ID": LAST_EVENT_ID}
    }


def _channel(path: str, title: str, server: str, messages: list[str]) -> dict[str, Any]:
    return {
        "address": f"/{path}",
        "title": title,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operations() -> dict[str, Any]:
    """What the server does."""
    http = {"bindings": {"http": {"method": "GET", "query": _query()}}}
    return {
        "sendFrames": _operation("send", "websocket", list(FRAMES), "Sends what happens, in the order of the log."),
        "receiveMessages": _operation("receive", "websocket", list(CLIENT_MESSAGES), "Reads what clients ask for."),
        "sendEvents": _operation("send", "sse", EVENT_FRAMES, "Sends the same frames as events.") | http,
    }


def _operation(action: str, channel: str, messages: list[str], summary: str) -> dict[str, Any]:
    channel = f"#/channels/{channel}"
    listed = [{"$ref": f"{channel}/messages/{name}"} for name in messages]
    return {"action": action, "channel": {"$ref": channel}, "messages": listed, "summary": summary}


def _message(name: str) -> dict[str, Any]:
    kind = "Frame" if name in FRAMES else "Message"
    return {"name": name, "payload": {"$ref": f"{NAMED}{name.capitalize()}{kind}"}}


def _query(**more: Schema) -> Schema:
    return {"type": "object", "properties": CURSOR | more}
