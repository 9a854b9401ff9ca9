"""Who may not: names that are traps, sessions that somebody else has fixed, and ways out to other sites."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
SITE = "http://testserver"


@pytest.fixture(autouse=True)
def hurried_hasher(settings: Settings) -> None:
    """The real one takes a good part of a second, by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password=PASSWORD)


def log_in(client: Client, wanted: str = "") -> str:
    """Where bob is led when he has logged in."""
    response = client.post("/accounts/login/", {"username": "bob", "password": PASSWORD, "next": wanted})
    assert response.status_code == 302
    return response.headers["Location"]


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "https:evil.example",
    "https:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    " //evil.example",
    "//evil.example\0",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "javascript:alert(1)",
    "data:text/html,<script>",
    "\r\nX-Evil: 1",
]


def is_here(location: str) -> bool:
    """Whether a browser that is at the log-in stays on the site."""
    place = urlsplit(urljoin(f"{SITE}/accounts/login/", location.replace("\\", "/")))
    return f"{place.scheme}://{place.netloc}" == SITE


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_logging_in_never_leads_to_another_site(client: Client, bob: User, wanted: str) -> None:
    assert log_in(client, wanted) == "/"
    already = client.get("/accounts/login/", {"next": wanted})
    assert (already.status_code, already.headers["Location"]) == (302, "/")


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/profile/", "/profile/"),
        ("/events/1/?a=b", "/events/1/?a=b"),
        ("/\r\nX-Evil: 1", "/%0D%0AX-Evil:%201"),
        ("/../..//evil.example", "/../..//evil.example"),
    ],
)
def test_logging_in_leads_back(client: Client, bob: User, wanted: str, there: str) -> None:
    assert log_in(client, wanted) == there
    assert is_here(there)


@pytest.mark.parametrize("wanted", ["/accounts/login/", "/accounts/login/?next=/accounts/login/"])
def test_the_log_in_never_leads_back_to_itself(client: Client, bob: User, wanted: str) -> None:
    assert log_in(client, wanted) == "/"
    assert client.get("/accounts/login/", {"next": wanted}).headers["Location"] == "/"


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_logging_out_never_leads_to_another_site(client: Client, bob: User, wanted: str) -> None:
    client.force_login(bob)
    assert client.post("/accounts/logout/", {"next": wanted}).headers["Location"] == "/"


@pytest.mark.parametrize(
    "page",
    [
        "http://testserver//evil.example/",
        "http://testserver/\\evil.example/",
        "http://testserver@evil.example/",
        "http://evil.example/",
        "javascript:alert(1)",
        "http://[broken",
    ],
)
def test_the_way_back_that_htmx_tells_never_leads_to_another_site(client: Client, bob: User, page: str) -> None:
    response = client.post("/events/", headers={"HX-Request": "true", "HX-Current-URL": page})
    location = response.headers["HX-Redirect"]
    assert location.startswith("/accounts/login/?next=/")
    landed = client.post(location, {"username": "bob", "password": PASSWORD})
    assert landed.status_code == 302
    assert is_here(landed.headers["Location"])
