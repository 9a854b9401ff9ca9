"""What a body may hold for each kind of event: pydantic models of the kinds' own fields.

They check types, strictly, and describe the API. What a field accepts beyond that, its kind says: `feed.writing`.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from functools import cache, partial
from typing import Any, Literal

import pydantic
from django.core.validators import MaxLengthValidator
from django.db import models
from ninja.orm.fields import TYPES
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from feed.api.bodies import Body
from feed.api.errors import ApiError
from feed.kinds.posted import edited_fields, needs_thread, posted_fields
from feed.log import PUBLIC
from feed.models import Event
from feed.times import kept

STRICT = ConfigDict(extra="forbid", strict=True, protected_namespaces=())
AUDIENCE = "Who may see it: `public`, or the name of an audience that you may post to."
OWN_TYPES = {"DateTimeField": AwareDatetime, "DateField": date, "TimeField": time, "JSONField": Any}
"""Replace the types that django-ninja has for these fields."""
TEXTS = (models.CharField, models.TextField)

Definition = tuple[Any, Any]
"""The type of an attribute, and its `Field`."""


@cache
def posted_model(kind: Any) -> type[BaseModel]:
    """A new event of this kind."""
    name = kind.kind_name()
    fields = [_defined(field, is_optional=is_optional(field)) for field in posted_fields(kind)]
    audience = [] if needs_thread(kind) else [_audience({"default": PUBLIC})]
    return _model(f"Post_{name}", kind, [("kind", (Literal[name], Field(alias="kind"))), *audience, *fields])


@cache
def edited_model(kind: Any) -> type[BaseModel]:
    """Other values for an event of this kind."""
    fields = [_defined(field, is_optional=True) for field in edited_fields(kind)]
    audience = [] if needs_thread(kind) else [_audience({})]
    return _model(f"Change_{kind.kind_name()}", kind, [*audience, *fields])


def _model(name: str, kind: type[Event], definitions: Iterable[tuple[str, Definition]]) -> type[BaseModel]:
    # Not by the names of the fields: pydantic has attributes of its own, and takes no name with an underscore first.
    fields: dict[str, Any] = {f"field_{name}": definition for name, definition in definitions}
    return create_model(name, __config__=STRICT, __doc__=summary_of(kind), **fields)


def _defined(field: Any, *, is_optional: bool) -> tuple[str, Definition]:
    default: Any = None if is_optional else ...
    described = Field(
        default,
        alias=field.name,
        title=str(field.verbose_name),
        description=str(field.help_text) or None,
        json_schema_extra=partial(_describe, field),
    )
    return field.name, (type_of(field), described)


def _describe(field: Any, schema: dict[str, Any]) -> None:
    """Lengths are described here, and checked by the kind: it strips a text first, as the forms do."""
    schema.pop("default", None)  # which stands for the kind's own
    limits = [each.limit_value for each in field.validators if isinstance(each, MaxLengthValidator)]
    if isinstance(field, TEXTS) and not field.choices:
        schema.update({"maxLength": min(limits)} if limits else {})
        schema.update({} if field.blank else {"minLength": 1})


def _audience(extra: dict[str, Any]) -> tuple[str, Definition]:
    def describe(schema: dict[str, Any]) -> None:
        schema.pop("default", None)
        schema.update(extra)

    return "audience", (str, Field(None, alias="audience", description=AUDIENCE, json_schema_extra=describe))


def is_optional(field: Any) -> bool:
    return bool(field.null or field.blank or field.has_default() or field.has_db_default())


def type_of(field: Any) -> Any:
    """The Python type of a field's value in JSON. Any for a field of which nobody has said it, by
    `ninja.orm.register_field`."""
    if field.choices:
        values = tuple(value for value, _ in field.flatchoices)
        found: Any = Literal[(*values, "")] if field.blank and isinstance(field, TEXTS) else Literal[values]
    else:
        target = field
        while target.remote_field:
            target = target.target_field
        name = target.get_internal_type()
        found = OWN_TYPES.get(name) or TYPES.get(name, Any)
    return found | None if field.null and found is not Any else found


def summary_of(kind: type[Event]) -> str:
    """The first paragraph of the docstring, which its author has written: Django makes one where there is none."""
    text = vars(kind).get("__doc__") or ""
    return "" if text.startswith(f"{kind.__name__}(") else " ".join(text.partition("\n\n")[0].split())


def new_event(kind: type[Event], body: Body, user: Any) -> tuple[Event, list[str]]:
    """An event that isn't saved, nor checked yet, and the names of the fields that the body gives. Raises ApiError."""
    fields = {field.name: field for field in posted_fields(kind)}
    values = _values(posted_model(kind), body)
    del values["kind"]
    event = kind(user=user)
    for name, value in values.items():
        setattr(event, *_attribute(fields.get(name), name, value))
    return event, [*values]


def new_values(event: Event, body: Body) -> dict[str, Any]:
    """The values of fields that the body names, by the fields' attributes. Raises ApiError."""
    fields = {field.name: field for field in edited_fields(type(event))}
    values = _values(edited_model(type(event)), body)
    return dict(_attribute(fields.get(name), name, value) for name, value in values.items())


def _values(model: type[BaseModel], body: Body) -> dict[str, Any]:
    try:
        found = model.model_validate_json(body.raw)
    except pydantic.ValidationError as error:
        reasons = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False))
        raise ApiError(422, "invalid", "; ".join(reasons)) from None
    return found.model_dump(by_alias=True, exclude_unset=True)


def _attribute(field: Any, name: str, value: Any) -> tuple[str, Any]:
    """The attribute of an event to set, and the value for it: as the forms of pages take it, in the site's own way to
    keep times."""
    if isinstance(field, TEXTS) and isinstance(value, str):
        value = value.replace("\r\n", "\n").strip()
    elif isinstance(value, datetime):
        value = kept(value)
    return field.attname if field else name, value


@cache
def posted_schema(kind: type[Event]) -> dict[str, Any]:
    """What `posted_model` accepts, as JSON Schema. Kept, because pydantic takes long to write it."""
    return posted_model(kind).model_json_schema()


def required_of(kind: type[Event]) -> list[str]:
    """The names of the fields that a post must have."""
    return [each for each in posted_schema(kind)["required"] if each != "kind"]


def schema_of(kind: type[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The kind's own fields as JSON Schema, by name. Those that nobody can post are `readOnly`."""
    posted = posted_schema(kind)["properties"]
    for field in kind.plain_fields():
        described = posted.get(field.name)
        yield field.name, described or {"title": str(field.verbose_name), "readOnly": True}
