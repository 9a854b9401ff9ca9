"""schemathesis sends what the description of the API allows, and what it doesn't, to every operation.

By its Python API: its plugin for pytest, and that of anyio, are off (pyproject.toml). In this process, so that all is
rolled back; always the same examples, in a fixed order.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test.client import ClientHandler
from hypothesis import HealthCheck, given, settings

from feed.models import StatusChange
from tests.support.api import Program

pytestmark = pytest.mark.django_db

OPERATIONS = {
    "list_events": "GET /api/events/",
    "post_event": "POST /api/events/",
    "get_event": "GET /api/events/{pk}/",
    "edit_event": "PATCH /api/events/{pk}/",
    "delete_event": "DELETE /api/events/{pk}/",
    "list_kinds": "GET /api/kinds/",
    "list_streams": "GET /api/streams/",
    "make_ticket": "POST /api/tickets/",
}
TRIED = [(name, mode) for name in OPERATIONS for mode in ("positive", "negative")]
TRIED = [pair for pair in TRIED if pair not in {("list_kinds", "negative"), ("list_streams", "negative")}]
"""Two take nothing that could be wrong."""
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"]
CHECKS += ["response_schema_conformance"]
EXAMPLES = settings(
    max_examples=10, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def application(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    """The site by WSGI, in the transaction of the test: a server's own handler closes the connection."""
    response: Any = ClientHandler()(environ | {"REMOTE_ADDR": "127.0.0.1"})
    start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
    return [response.content]


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    """The operations in the description, by method and path."""
    import schemathesis  # noqa: PLC0415 (takes a second, which a run of other tests needn't spend)

    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    results: Iterable[Any] = schema.get_all_operations()
    found = (each.ok() for each in results)
    return {f"{each.method.upper()} {each.path}": each for each in found}


def test_every_operation_is_tried(operations: dict[str, Any]) -> None:
    assert set(operations) == set(OPERATIONS.values())


@pytest.mark.parametrize(("name", "mode"), TRIED)
def test_whatever_is_sent_is_answered_as_described(
    operations: dict[str, Any], alice: User, name: str, mode: str
) -> None:
    from schemathesis import GenerationMode  # noqa: PLC0415
    from schemathesis.checks import CHECKS as ALL  # noqa: PLC0415

    headers = Program(alice).headers | {"Accept-Encoding": "identity"}
    checks = ALL.get_by_names([*CHECKS, *(["negative_data_rejection"] if mode == "negative" else [])])
    sent: list[int] = []

    @EXAMPLES
    @given(case=operations[OPERATIONS[name]].as_strategy(GenerationMode(mode)))
    def send(case: Any) -> None:
        if "pk" in case.path_parameters and mode == "positive":
            # Half of the time an event that is there.
            case.path_parameters["pk"] = StatusChange.objects.create(user=alice, text="Hello").pk - len(sent) % 2
        sent.append(case.call_and_validate(headers=headers, checks=checks).status_code)

    send()
    assert mode == "negative" or min(sent) < 300
