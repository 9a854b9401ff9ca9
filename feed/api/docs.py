"""The page that describes the API: plain HTML, made from the OpenAPI description by the server.

It needs no script and nothing of another host, so it works offline and under any Content-Security-Policy.
"""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from feed.rendering import rendered

Json = dict[str, Any]


class Field(NamedTuple):
    """A parameter, a header, or a property of a body."""

    name: str
    type: str
    is_required: bool
    description: str


class Shape(NamedTuple):
    """What a body may be."""

    name: str
    description: str
    fields: list[Field]


class Operation(NamedTuple):
    id: str
    method: str
    path: str
    summary: str
    description: str
    is_open: bool
    parameters: list[Field]
    bodies: list[Shape]
    responses: list[tuple[str, str, list[Shape]]]


class Page(DocsBase):
    """Rendered once for each description."""

    _made: tuple[Json, str] | None = None

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema(path_params=kwargs)
        if self._made is None or self._made[0] is not schema:
            self._made = schema, page(schema)
        return HttpResponse(self._made[1])


def page(schema: Json) -> str:
    context = {"info": schema["info"], "operations": operations(schema), "openapi": reverse("api:openapi-json")}
    return rendered("feed/api.html", context)


def operations(schema: Json) -> list[Operation]:
    return [
        _operation(schema, path, method, found)
        for path, methods in schema["paths"].items()
        for method, found in methods.items()
    ]


def _operation(schema: Json, path: str, method: str, found: Json) -> Operation:
    parameters = [
        Field(each["name"], _type(each["schema"]), each.get("required", False), each.get("description", each["in"]))
        for each in found["parameters"]
    ]
    responses = [
        (str(status), each["description"], _shapes(schema, each)) for status, each in found["responses"].items()
    ]
    return Operation(
        found["operationId"],
        method.upper(),
        path,
        found["summary"],
        found.get("description", ""),
        {} in found.get("security", [{}]),
        parameters,
        _shapes(schema, found.get("requestBody", {})),
        responses,
    )


def _shapes(schema: Json, holder: Json) -> list[Shape]:
    """The shapes of the JSON in a request or a response."""
    content = holder.get("content", {}).get("application/json")
    return [_shape(schema, each) for each in _choices(content["schema"])] if content else []


def _choices(found: Json) -> list[Json]:
    choices: list[Json] = found.get("oneOf") or found.get("anyOf") or [found]
    return choices


def _shape(schema: Json, found: Json) -> Shape:
    name = found.get("$ref", "").rpartition("/")[2]
    described = schema["components"]["schemas"].get(name, found)
    required = described.get("required", [])
    fields = [
        Field(each, _type(about), each in required, about.get("description", ""))
        for each, about in described.get("properties", {}).items()
    ]
    return Shape(name, described.get("description", ""), fields)


def _type(found: Json) -> str:
    """In short, such as `string, at most 2000`."""
    if "const" in found or "enum" in found:
        return " or ".join(f'"{each}"' for each in found.get("enum", [found.get("const")]))
    if "$ref" in found:
        return str(found["$ref"]).rpartition("/")[2]
    if choices := found.get("anyOf") or found.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_type, choices)))
    if found.get("type") == "array":
        return f"list of {_type(found.get('items', {}))}"
    most = f", at most {found['maxLength']}" if "maxLength" in found else ""
    return f"{found.get('format') or found.get('type', 'anything')}{most}"
