"""Who may not: sessions that somebody else has fixed, ways out to other sites, and more rights than a person has."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from profiles.models import UserProfile
from tests.profiles.people import PASSWORD, sign_up
from tests.support.markup import elements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_hasher")]

SITE = "http://testserver"


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
def test_neither_logging_in_nor_out_leads_to_another_site(client: Client, bob: User, wanted: str) -> None:
    assert log_in(client, wanted) == "/"
    already = client.get("/accounts/login/", {"next": wanted})
    assert (already.status_code, already.headers["Location"]) == (302, "/")
    assert client.post("/accounts/logout/", {"next": wanted}).headers["Location"] == "/"


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


PLANTED = ["made up", "anonymous", "mallory's"]


@pytest.fixture(params=PLANTED)
def planted(request: pytest.FixtureRequest, db: None) -> str:
    """A session's key that somebody else knows, and has put into a victim's browser."""
    mallory = Client()
    if request.param == "mallory's":
        mallory.force_login(User.objects.create_user("mallory"))
    session = mallory.session
    session["planted"] = True
    session.save()
    return "a" * 32 if request.param == "made up" else str(session.session_key)


def who_is(key: str) -> str | None:
    """The name that a browser with this session's key is logged in by."""
    client = Client()
    client.cookies["sessionid"] = key
    (body,) = (each for each in elements(client.get("/").content.decode()) if each.tag == "body")
    return body.attributes.get("data-user")


def test_a_session_that_was_planted_is_not_logged_in(client: Client, bob: User, planted: str) -> None:
    client.cookies["sessionid"] = planted
    if who_is(planted) == "mallory":
        client.post("/accounts/logout/")
    log_in(client)
    own = client.cookies["sessionid"].value
    assert own != planted
    assert who_is(own) == "bob"
    assert who_is(planted) is None


def test_a_session_that_was_planted_is_not_signed_up(client: Client, planted: str) -> None:
    client.cookies["sessionid"] = planted
    if who_is(planted) == "mallory":
        client.post("/accounts/logout/")
    assert sign_up(client, "carol").status_code == 302
    own = client.cookies["sessionid"].value
    assert own != planted
    assert who_is(own) == "carol"
    assert who_is(planted) is None


def test_logging_out_ends_the_session_for_whoever_has_its_key(client: Client, bob: User) -> None:
    log_in(client)
    key = client.cookies["sessionid"].value
    assert who_is(key) == "bob"
    assert client.post("/accounts/logout/").status_code == 302
    assert who_is(key) is None
    assert not Session.objects.exists()


def test_who_is_deactivated_or_has_a_new_password_is_logged_out(client: Client, bob: User) -> None:
    log_in(client)
    key = client.cookies["sessionid"].value
    User.objects.update(is_active=False)
    assert who_is(key) is None
    User.objects.update(is_active=True)
    assert who_is(key) == "bob"
    bob.set_password("another horse")
    bob.save()
    assert who_is(key) is None


def test_scripts_and_other_sites_do_not_get_the_session(client: Client, bob: User) -> None:
    log_in(client)
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")


def test_nobody_signs_up_as_more_than_a_person(client: Client) -> None:
    sign_up(client, "carol", is_staff="on", is_superuser="on", user_permissions="1", groups="1", id="1")
    carol = User.objects.get()
    assert (carol.username, carol.is_staff, carol.is_superuser) == ("carol", False, False)
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_a_profile_stays_its_owners(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    fields = {"bio": "by bob", "user": alice.pk, "id": alice.profile.pk, "pk": alice.profile.pk, "username": "alice"}
    assert client.post(f"/profile/?user={alice.pk}", fields).status_code == 302
    bios = UserProfile.objects.order_by("user__username").values_list("user__username", "bio")
    assert list(bios) == [("alice", ""), ("bob", "by bob")]
