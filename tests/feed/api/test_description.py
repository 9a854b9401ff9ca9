"""The description of the API: OpenAPI from the kinds, and a page of it."""

from typing import Any

import pydantic
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed import api
from feed.api import docs
from tests.support.markup import elements

pytestmark = pytest.mark.django_db


@pytest.fixture
def described(client: Client) -> Any:
    return client.get("/api/openapi.json").json()


def body_of(described: Any, path: str, method: str) -> Any:
    return described["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]


def test_a_post_is_one_of_the_kinds_that_take_posts(described: Any) -> None:
    body = body_of(described, "/api/events/", "post")
    assert body["discriminator"]["propertyName"] == "kind"
    assert body["discriminator"]["mapping"].keys() == {"status_change", "comment", "reaction"}
    comment = described["components"]["schemas"]["Post_comment"]
    assert comment["required"] == ["kind", "text", "thread"]
    assert comment["properties"]["kind"]["const"] == "comment"
    assert comment["additionalProperties"] is False


def test_an_edit_is_one_of_the_kinds_that_can_be_edited(described: Any) -> None:
    names = {each["$ref"].rpartition("/")[2] for each in body_of(described, "/api/events/{pk}/", "patch")["anyOf"]}
    assert {"Change_status_change", "Change_comment"} <= names
    assert "Change_welcome" not in names
    assert "required" not in described["components"]["schemas"]["Change_comment"]


def test_headers_and_errors_are_described(described: Any) -> None:
    post = described["paths"]["/api/events/"]["post"]
    assert "Idempotency-Key" in {each["name"] for each in post["parameters"]}
    assert {"Location", "ETag", "RateLimit", "RateLimit-Policy"} <= post["responses"]["201"]["headers"].keys()
    assert "Retry-After" in post["responses"]["429"]["headers"]
    for methods in described["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    (media,) = response["content"].values()
                    assert media["schema"]["$ref"] == "#/components/schemas/ErrorOut"


def test_every_reference_leads_somewhere(described: Any) -> None:
    def references(found: Any) -> set[str]:
        if isinstance(found, dict):
            own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set[str]()
            return own.union(*map(references, found.values()))
        return set[str]().union(*map(references, found)) if isinstance(found, list) else set()

    names = {each.removeprefix("#/components/schemas/") for each in references(described)}
    assert names
    assert names <= described["components"]["schemas"].keys()


def test_the_page_shows_each_operation_and_loads_nothing_from_elsewhere(client: Client, described: Any) -> None:
    response = client.get("/api/docs")
    html = response.content.decode()
    for path, methods in described["paths"].items():
        for method in methods:
            assert f"<b>{method.upper()}</b> {path}" in html
    assert "Post_status_change" in html
    assert "Idempotency-Key" in html
    assert "<code>after</code>" in html
    assert "`" not in html
    assert "<script" not in html
    assert "style=" not in html
    targets = [each.attributes.get(name) for each in elements(html) for name in ("src", "href")]
    assert {target for target in targets if target and not target.startswith(("/", "#"))} == set()


def test_the_page_needs_no_database(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/api/docs").status_code == 200
        assert client.get("/api/openapi.json").status_code == 200


def test_the_page_is_there_in_any_project(client: Client, settings: Settings, alice: User) -> None:
    settings.ROOT_URLCONF = "tests.adopters.foreign.urls"
    assert client.get("/api/docs").status_code == 200


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs", "/api/kinds/"])
def test_asking_again_and_again_makes_no_description_anew(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    first = client.get(path)
    assert first.status_code == 200

    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("It was described already.")

    monkeypatch.setattr(pydantic.BaseModel, "model_json_schema", fail)
    monkeypatch.setattr(api, "describe", fail)
    monkeypatch.setattr(docs, "rendered", fail)
    assert client.get(path).content == first.content
