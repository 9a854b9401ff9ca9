"""What the API answers, as its description has it."""

from typing import Any, Literal

from ninja import Schema


class EventOut(Schema):
    """An event. The fields of its kind stand beside these."""

    model_config = {"extra": "allow"}

    id: int
    kind: str
    user: str | None
    summary: str
    url: str | None
    audience: str
    created_at: str
    edited_at: str | None


class Snapshot(Schema):
    """The newest events of some streams, complete up to `position` at least."""

    log: str
    position: int
    events: list[EventOut]
    next: str | None


class DeletedOut(Schema):
    """All that is known of an event that is gone, or out of sight."""

    id: int
    kind: str


class Change(Schema):
    position: int
    action: Literal["created", "updated", "deleted"]
    event: EventOut | DeletedOut


class Changes(Schema):
    """All changes after the position `after`, up to `position`: a frame, as the websocket sends it."""

    type: Literal["changes"]
    log: str
    after: int
    position: int
    changes: list[Change]


class Reset(Schema):
    """The cursor can't be followed. Load a snapshot, and go on from `position`."""

    type: Literal["reset"]
    log: str
    position: int
    reason: Literal["expired", "ahead", "other_log", "access"]


class KindOut(Schema):
    """
    fields: its own fields as JSON Schema, by name.
    required: those that a post must have.
    may_post: whether you may post one.
    """

    kind: str
    label: str
    description: str
    may_post: bool
    fields: dict[str, dict[str, Any]]
    required: list[str]


class Kinds(Schema):
    kinds: list[KindOut]


class StreamOut(Schema):
    """
    name: as in `?stream=`, with KEY where each of these streams has its own.
    type: `audience` if not everybody may watch it, `personal` if it holds something else for each user.
    yours: of audiences, those that you are in; you may watch no others. At most 1,000.
    to_post: those among `yours` that you may post to.
    """

    name: str
    type: Literal["topic", "audience", "personal"]
    description: str
    may_watch: bool
    yours: list[str]
    to_post: list[str]


class Streams(Schema):
    streams: list[StreamOut]


class ErrorOut(Schema):
    """Why a request is refused: a code for programs and a sentence for people."""

    code: str
    message: str


READ_ERRORS: Any = (400, 401, 403, 404, 405, 412, 422, 429, 500, 503)
WRITE_ERRORS: Any = (*READ_ERRORS, 413, 415)
