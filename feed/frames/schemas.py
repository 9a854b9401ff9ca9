"""JSON Schemas of events, as `feed.frames.describe` writes them: of what all events have, and of each kind."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import capfirst

from feed.frames.describe import PUBLIC_FIELDS
from feed.kinds.kind import root_model
from feed.kinds.related import related_names

Schema = dict[str, Any]

TIME: Schema = {"type": "string", "format": "date-time"}
NAME: Schema = {"type": ["string", "null"]}

EVENT: Schema = {
    "title": "Event",
    "type": "object",
    "description": "What every event has. The fields of its kind stand beside these.",
    "required": list(PUBLIC_FIELDS),
    "properties": {
        "id": {"type": "integer"},
        "kind": {"type": "string"},
        "user": NAME | {"description": "The public name of the user who did it, or null."},
        "summary": {"type": "string", "description": "A line of text."},
        "url": {"type": ["string", "null"], "description": "A path on the same host. Null if the site has no pages."},
        "audience": {"type": "string", "description": "Who may see it: `public`, or the name of an audience."},
        "created_at": TIME,
        "edited_at": {**TIME, "type": ["string", "null"], "description": "Null if nobody has edited it."},
    },
}
REFERENCE: Schema = {
    "type": ["object", "null"],
    "description": "An object of any model.",
    "required": ["label", "key"],
    "properties": {"label": NAME, "key": {"type": "string"}},
}
VALUES: list[tuple[type["models.Field[Any, Any]"], Schema]] = [
    (models.BooleanField, {"type": "boolean"}),
    (models.IntegerField, {"type": "integer"}),
    (models.FloatField, {"type": ["number", "null"]}),  # JSON has no infinity, and no "not a number"
    (models.DateTimeField, TIME),
    (models.DateField, {"type": "string", "format": "date"}),
    (models.TimeField, {"type": "string"}),
    (models.DurationField, {"type": "string", "format": "duration"}),
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.BinaryField, {"type": "string", "contentEncoding": "base64"}),
    (models.DecimalField, {"type": "string"}),
    (models.CharField, {"type": "string"}),
    (models.TextField, {"type": "string"}),
    (models.GenericIPAddressField, {"type": "string"}),
    (models.FileField, {"type": "string"}),
]
"""What fields become, the first that fits. Of any other field, nothing is said."""


def kind_schemas() -> dict[str, Schema]:
    """The schema of each kind, by its name."""
    return {name: kind_schema(kind) for name, kind in sorted(root_model().kinds().items())}


def kind_schema(kind: type[Any]) -> Schema:
    """What an event of this kind adds to `EVENT`. None of it is required: a server that can't load the fields of a
    kind sends the event without them."""
    named = {"const": kind.kind_name()}
    title = capfirst(str(kind._meta.verbose_name))
    return {"title": title, "type": "object", "required": ["kind"], "properties": {"kind": named} | own_fields(kind)}


def own_fields(kind: type[Any]) -> dict[str, Schema]:
    """The schemas of the fields that the kind adds, by name."""
    fields = {field.name: field_schema(field, kind) for field in kind.plain_fields()}
    return fields | {key.name: REFERENCE for key in kind.generic_keys()}


def field_schema(field: Any, kind: type[Any]) -> Schema:
    schema = _value_schema(field, kind)
    if field.null and isinstance(schema.get("type"), str):
        schema = schema | {"type": [schema["type"], "null"]}
    return schema | {"description": str(field.help_text)} if field.help_text else schema


def _value_schema(field: Any, kind: type[Any]) -> Schema:
    if field.related_model is get_user_model() and field.name in related_names(kind):
        return NAME
    if isinstance(field, models.ForeignKey):
        return _value_schema(field.target_field, kind)
    if hasattr(field, "from_db_value"):  # it may make anything of what it reads
        return {}
    return next((schema for cls, schema in VALUES if isinstance(field, cls)), {})
