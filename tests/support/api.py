"""Programs that call the API: anybody, and those of alice (who owns what there is), bob (in her team) and carol."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from tests.support.tokens import bearer, issue

EVENTS = "/api/events/"


@dataclass
class Program:
    """A client of the API, by a token of the user, or anonymous."""

    user: User | None = None
    scopes: tuple[str, ...] = ("read", "post")
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.headers = bearer(issue(self.user, *self.scopes)) if self.user else {}

    def get(self, path: str = EVENTS, **headers: str) -> Any:
        return self.client.get(path, headers=self._all(headers))

    def post(self, body: object, path: str = EVENTS, **headers: str) -> Any:
        return self.client.post(path, body, content_type="application/json", headers=self._all(headers))

    def patch(self, pk: int, body: object, **headers: str) -> Any:
        return self.client.patch(path_of(pk), body, content_type="application/json", headers=self._all(headers))

    def delete(self, pk: int, **headers: str) -> Any:
        return self.client.delete(path_of(pk), headers=self._all(headers))

    def _all(self, headers: dict[str, str]) -> dict[str, str]:
        return self.headers | {name.replace("_", "-"): value for name, value in headers.items()}


def path_of(pk: int) -> str:
    return f"{EVENTS}{pk}/"


def status(text: str = "Hello", **fields: object) -> dict[str, object]:
    return {"kind": "status_change", "text": text, **fields}


def refusal(response: Any) -> tuple[int, str]:
    """The status and the code. Checks that the error has the one shape of all."""
    assert response.headers["Content-Type"].startswith("application/json"), response.content
    body = response.json()
    assert body.keys() == {"code", "message"}, body
    assert body["message"]
    return response.status_code, body["code"]
