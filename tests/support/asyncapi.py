"""Holds what tests receive against the AsyncAPI document of the process that tests."""

from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator

from feed.asyncapi import document
from feed.models import Event

Json = dict[str, Any]


def described() -> Json:
    return document("testserver", "/", is_secure=False)


def validate_frame(frame: Json) -> None:
    """Raises ValidationError if the frame isn't as the document says."""
    kinds = tuple(Event.kinds().values())
    _validator(f"{frame['type'].capitalize()}Frame", kinds).validate(frame)
    for change in frame.get("changes", ()):
        event = change["event"]
        # The alternatives of AnyEvent exclude each other, so this is as strict, and quicker.
        name = "DeletedEvent" if change["action"] == "deleted" else schema_name(event["kind"])
        _validator(name, kinds).validate(event)


def schema_name(kind: str) -> str:
    return kind if kind in Event.kinds() else "OtherEvent"


@lru_cache(maxsize=100)
def _validator(name: str, kinds: tuple[type[Event], ...]) -> Draft7Validator:
    """kinds: those that the document describes. Some tests define more."""
    components = described()["components"]
    components["schemas"]["AnyEvent"] = components["schemas"]["Event"]
    return Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": components})
