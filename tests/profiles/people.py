"""How one becomes a person, for the tests."""

from django.http import HttpResponse
from django.test import Client

PASSWORD = "correct horse battery"


def sign_up(client: Client, name: str, **more: str) -> HttpResponse:
    fields = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/signup/", fields | more)  # type: ignore[return-value]
