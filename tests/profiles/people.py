"""Signing up."""

from django.http import HttpResponse
from django.test import Client

PASSWORD = "correct horse battery"


def sign_up(client: Client, name: str, **fields: str) -> HttpResponse:
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD} | fields
    return client.post("/accounts/signup/", form)  # type: ignore[return-value]
