"""The OpenAPI description: what django-ninja knows of the operations, and what only the kinds of events know."""

from collections.abc import Iterable
from typing import Any

from ninja.openapi.schema import OpenAPISchema

from feed.api.bodies import MAX_BODY
from feed.api.models import edited_model, posted_model
from feed.kinds.posted import edited_fields, postable_kinds
from feed.models import KEY_LENGTH, Event

Json = dict[str, Any]

ABOUT = f"""Follow the feed, and post to it. Errors are `{{"code": "…", "message": "…"}}` on every path.
A body is JSON and has at most {MAX_BODY} bytes. Authenticate with an access token: `Authorization: Bearer rill_…`."""

TEXT = {"type": "string"}
KEY = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": r"^[!-~]+$"}
SENT: dict[str, tuple[str, Json]] = {
    "Idempotency-Key": ("Your name for this request. Sent again with the same body, it posts nothing new.", KEY),
    "If-Match": ("The ETag of the event that you have seen. If it has another one by now: 412.", TEXT),
    "If-None-Match": ("The ETag that you have. If it is still the same: 304.", TEXT),
}
ANSWERED = {
    "ETag": "The state of what is shown.",
    "Location": "The path of the event.",
    "Allow": "The methods that this path takes.",
    "Retry-After": "Seconds after which to try again.",
    "WWW-Authenticate": "How to authenticate.",
    "RateLimit-Policy": 'The limits, as `"name";q=AMOUNT;w=SECONDS`.',
    "RateLimit": 'What is left of them, as `"name";r=LEFT;t=SECONDS`.',
}
OF_OPERATIONS = {
    "list_events": ("If-None-Match",),
    "post_event": ("Idempotency-Key",),
    "get_event": ("If-None-Match",),
    "edit_event": ("If-Match",),
    "delete_event": ("If-Match",),
}
"""The headers that operations take, by the end of their ids."""
OF_STATUSES = {
    "200": ("RateLimit-Policy", "RateLimit"),
    "201": ("RateLimit-Policy", "RateLimit"),
    "204": ("RateLimit-Policy", "RateLimit"),
    "304": ("ETag",),
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "429": ("Retry-After", "RateLimit-Policy", "RateLimit"),
    "503": ("Retry-After",),
}


def describe(schema: OpenAPISchema) -> OpenAPISchema:
    """Add the bodies and the headers."""
    schema["info"]["description"] = ABOUT
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"] = _name(operation)
            _describe_headers(operation, name, is_one=path.endswith("}/"))
            if method in {"post", "patch"} and "/events/" in path:
                operation["requestBody"] = _body(schema, method)
    return schema


def _name(operation: Json) -> str:
    """The name of the function, without that of its module."""
    found: str = operation["operationId"]
    return next((name for name in OF_OPERATIONS if found.endswith(name)), found)


def _describe_headers(operation: Json, name: str, *, is_one: bool) -> None:
    for header in OF_OPERATIONS.get(name, ()):
        about, schema = SENT[header]
        operation["parameters"].append(
            {"in": "header", "name": header, "required": False, "description": about, "schema": schema}
        )
    for status, response in operation["responses"].items():
        headers = [*OF_STATUSES.get(str(status), ())]
        if str(status) in {"200", "201"} and name in OF_OPERATIONS:
            headers += ["ETag", *(["Location"] if name == "post_event" else [])]
        if headers:
            response["headers"] = {each: {"description": ANSWERED[each], "schema": TEXT} for each in headers}


def _body(schema: OpenAPISchema, method: str) -> Json:
    if method == "patch":
        kinds: Iterable[Any] = Event.kinds().values()
        changed = [kind for kind in kinds if edited_fields(kind)]
        return _json({"anyOf": [_add(schema, edited_model(kind)) for kind in changed]})
    posted = {name: _add(schema, posted_model(kind)) for name, kind in postable_kinds().items()}
    mapping = {name: each["$ref"] for name, each in posted.items()}
    return _json({"oneOf": [*posted.values()], "discriminator": {"propertyName": "kind", "mapping": mapping}})


def _json(found: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": found}}}


def _add(schema: OpenAPISchema, model: Any) -> Json:
    """Add a model to the components. Returns the reference to it."""
    described = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["components"]["schemas"] |= described.pop("$defs", {})
    schema["components"]["schemas"][model.__name__] = described
    return {"$ref": f"#/components/schemas/{model.__name__}"}
