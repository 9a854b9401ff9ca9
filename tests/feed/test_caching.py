"""No cache between the site and its users may keep a page that shows what only one of them may see."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import StatusChange

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/events/{pk}/", "/people/alice/", "/api/events/", "/events/{pk}/edit/"])
def test_a_page_for_a_user_is_private(as_alice: Client, hello: StatusChange, path: str) -> None:
    response = as_alice.get(path.format(pk=hello.pk))
    assert response.headers["Cache-Control"] == "private"
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize("path", ["/", "/api/events/"])
def test_a_page_for_everybody_is_another_one(client: Client, alice: User, path: str) -> None:
    response = client.get(path)
    assert "Cache-Control" not in response.headers
    assert "Cookie" in response.headers["Vary"]
