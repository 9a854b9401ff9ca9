"""JSON Schemas of what clients are sent, and of what they send."""

from typing import Any

from feed.frames.schemas import EVENT, Schema, kind_schemas

NAMED = "#/components/schemas/"
POSITION: Schema = {"type": "integer", "minimum": 0}
STREAMS: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100}
LOG: Schema = {"type": "string", "description": "The name of the log that the positions count in."}

DELETED: Schema = {
    "title": "What is left of an event that is gone",
    "type": "object",
    "required": ["id", "kind"],
    "properties": {"id": {"type": "integer"}, "kind": {"type": "string"}},
    "additionalProperties": False,
}


def reference(name: str) -> Schema:
    return {"$ref": NAMED + name}


def frame(name: str, description: str, **fields: Any) -> Schema:
    """The schema of a message with this `type`, which has all these fields."""
    properties = {"type": {"const": name}, **fields}
    return {"type": "object", "description": description, "required": list(properties), "properties": properties}


def optional(schema: Schema, **fields: Any) -> Schema:
    """The schema, of a message that may also have these fields."""
    return schema | {"properties": schema["properties"] | fields}


def change(actions: list[str], event: str) -> Schema:
    fields = {"position": POSITION, "action": {"enum": actions}, "event": reference(event)}
    return {"type": "object", "required": list(fields), "properties": fields}


FRAMES: dict[str, Schema] = {
    "changes": frame(
        "changes",
        "All changes of the watched streams in the interval (after, position]. Without changes it is the heartbeat. The"
        " `after` of each frame is the `position` of the frame before it.",
        log=LOG,
        after=POSITION,
        position=POSITION,
        changes={
            "type": "array",
            "items": {"oneOf": [change(["created", "updated"], "AnyEvent"), change(["deleted"], "DeletedEvent")]},
        },
    ),
    "reset": frame(
        "reset",
        "The server can't continue from the cursor. Drop the state, load the snapshot, and continue from `position`.",
        log=LOG,
        position=POSITION,
        reason={"enum": ["expired", "ahead", "other_log", "access"]},
    ),
    "error": frame(
        "error",
        "The request can't be served. The connection is closed after this frame; see `x-close-codes`.",
        code={"type": "string", "description": "For programs."},
        message={"type": "string", "description": "For people."},
    ),
    "watching": frame(
        "watching",
        "The answer to `watch`: from `position` on, the frames are of these streams.",
        log=LOG,
        position=POSITION,
        streams=STREAMS,
    ),
}
"""What clients are sent, by `type`. A new type of frame belongs here."""
EVENT_FRAMES = [name for name in FRAMES if name != "watching"]
"""What server-sent events are. Their streams can't be changed."""

CLIENT_MESSAGES: dict[str, Schema] = {
    "ping": frame("ping", "Asks for a frame like the heartbeat."),
    "watch": optional(
        frame("watch", "Watches these streams instead, from the cursor on, or from `after`.", streams=STREAMS),
        after=POSITION,
        log=LOG,
    ),
}
"""What a client of the websocket may send, by `type`. A new type of message belongs here."""


def schemas() -> dict[str, Schema]:
    """All schemas by name. Those of kinds have the names of the kinds, which are the values of the discriminator."""
    kinds = {name: inherited(schema) for name, schema in kind_schemas().items()}
    unknown = {"title": "An event of a kind that this server doesn't know", "properties": {"kind": unlike(kinds)}}
    any_event = {"oneOf": [reference(name) for name in [*kinds, "OtherEvent"]]}
    return {
        "Event": EVENT | {"discriminator": "kind"},
        "AnyEvent": any_event,
        "OtherEvent": inherited(unknown),
        "DeletedEvent": DELETED,
        **kinds,
        **{f"{name.capitalize()}Frame": schema for name, schema in FRAMES.items()},
        **{f"{name.capitalize()}Message": schema for name, schema in CLIENT_MESSAGES.items()},
    }


def inherited(schema: Schema) -> Schema:
    return {"allOf": [reference("Event"), schema]}


def unlike(names: dict[str, Schema]) -> Schema:
    return {"type": "string", "not": {"enum": list(names)}}
