"""Attacks on accounts: planted sessions, redirects to other sites, and extra rights."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from profiles.models import UserProfile
from tests.profiles.people import PASSWORD, sign_up
from tests.support.markup import elements

pytestmark = pytest.mark.django_db

SITE = "http://testserver"


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password=PASSWORD)


def log_in(client: Client, next_url: str = "") -> str:
    """Log bob in. Returns the URL that he is redirected to."""
    response = client.post("/accounts/login/", {"username": "bob", "password": PASSWORD, "next": next_url})
    assert response.status_code == 302
    return response.headers["Location"]


OTHER_SITES = [
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


def is_on_this_site(location: str) -> bool:
    """Whether a browser on the login page that is redirected to this location stays on the site."""
    target = urlsplit(urljoin(f"{SITE}/accounts/login/", location.replace("\\", "/")))
    return f"{target.scheme}://{target.netloc}" == SITE


@pytest.mark.parametrize("next_url", OTHER_SITES)
def test_login_and_logout_never_redirect_to_another_site(client: Client, bob: User, next_url: str) -> None:
    assert log_in(client, next_url) == "/"
    logged_in = client.get("/accounts/login/", {"next": next_url})
    assert (logged_in.status_code, logged_in.headers["Location"]) == (302, "/")
    assert client.post("/accounts/logout/", {"next": next_url}).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("next_url", "location"),
    [
        ("/profile/", "/profile/"),
        ("/events/1/?a=b", "/events/1/?a=b"),
        ("/\r\nX-Evil: 1", "/%0D%0AX-Evil:%201"),
        ("/../..//evil.example", "/../..//evil.example"),
    ],
)
def test_login_redirects_to_the_requested_page(client: Client, bob: User, next_url: str, location: str) -> None:
    assert log_in(client, next_url) == location
    assert is_on_this_site(location)


@pytest.mark.parametrize("next_url", ["/accounts/login/", "/accounts/login/?next=/accounts/login/"])
def test_login_never_redirects_to_itself(client: Client, bob: User, next_url: str) -> None:
    assert log_in(client, next_url) == "/"
    assert client.get("/accounts/login/", {"next": next_url}).headers["Location"] == "/"


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
def test_the_current_url_of_htmx_never_redirects_to_another_site(client: Client, bob: User, page: str) -> None:
    response = client.post("/events/", headers={"HX-Request": "true", "HX-Current-URL": page})
    location = response.headers["HX-Redirect"]
    assert location.startswith("/accounts/login/?next=/")
    response = client.post(location, {"username": "bob", "password": PASSWORD})
    assert response.status_code == 302
    assert is_on_this_site(response.headers["Location"])


@pytest.fixture(params=["made up", "anonymous", "mallory's"])
def planted(request: pytest.FixtureRequest, db: None) -> str:
    """The session key that mallory has put into the browser of a victim."""
    mallory = Client()
    if request.param == "mallory's":
        mallory.force_login(User.objects.create_user("mallory"))
    session = mallory.session
    session["planted"] = True
    session.save()
    return "a" * 32 if request.param == "made up" else str(session.session_key)


def user_of(key: str) -> str | None:
    """The name of the user who is logged in by this session key."""
    client = Client()
    client.cookies["sessionid"] = key
    html = client.get("/").content.decode()
    (script,) = (each for each in elements(html) if "/feed/rill." in each.attributes.get("src", ""))
    return script.attributes.get("data-user")


def test_login_does_not_use_a_planted_session(client: Client, bob: User, planted: str) -> None:
    client.cookies["sessionid"] = planted
    if user_of(planted) == "mallory":
        client.post("/accounts/logout/")
    log_in(client)
    own = client.cookies["sessionid"].value
    assert own != planted
    assert user_of(own) == "bob"
    assert user_of(planted) is None


def test_signup_does_not_use_a_planted_session(client: Client, planted: str) -> None:
    client.cookies["sessionid"] = planted
    if user_of(planted) == "mallory":
        client.post("/accounts/logout/")
    assert sign_up(client, "carol").status_code == 302
    own = client.cookies["sessionid"].value
    assert own != planted
    assert user_of(own) == "carol"
    assert user_of(planted) is None


def test_logout_ends_the_session_for_everyone_with_its_key(client: Client, bob: User) -> None:
    log_in(client)
    key = client.cookies["sessionid"].value
    assert user_of(key) == "bob"
    assert client.post("/accounts/logout/").status_code == 302
    assert user_of(key) is None
    assert not Session.objects.exists()


def test_deactivation_and_a_new_password_end_the_session(client: Client, bob: User) -> None:
    log_in(client)
    key = client.cookies["sessionid"].value
    User.objects.update(is_active=False)
    assert user_of(key) is None
    User.objects.update(is_active=True)
    assert user_of(key) == "bob"
    bob.set_password("another horse")
    bob.save()
    assert user_of(key) is None


def test_scripts_and_other_sites_do_not_get_the_session_cookie(client: Client, bob: User) -> None:
    log_in(client)
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")


def test_signup_grants_no_extra_rights(client: Client) -> None:
    sign_up(client, "carol", is_staff="on", is_superuser="on", user_permissions="1", groups="1", id="1")
    carol = User.objects.get()
    assert (carol.username, carol.is_staff, carol.is_superuser) == ("carol", False, False)
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_bob_cannot_change_alices_profile(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    fields = {"bio": "by bob", "user": alice.pk, "id": alice.profile.pk, "pk": alice.profile.pk, "username": "alice"}
    assert client.post(f"/profile/?user={alice.pk}", fields).status_code == 302
    bios = UserProfile.objects.order_by("user__username").values_list("user__username", "bio")
    assert list(bios) == [("alice", ""), ("bob", "by bob")]
