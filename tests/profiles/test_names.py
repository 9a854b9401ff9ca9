"""Names that look like paths, markup or another user's name are shown as they are, and refused at sign-up."""

import unicodedata
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from feed.frames.rows import render_row
from tests.conftest import logged_in
from tests.profiles.people import sign_up
from tests.support.markup import elements, skeleton

pytestmark = pytest.mark.django_db


PATHS = ["../admin", "../../accounts/logout", "a/b", "//evil.example", "/", ".", "..", "%2e%2e", "%2F", "100%", "a\\b"]
MARKUP = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    '<a hx-get="/" hx-trigger="load">',
    "`{{ 7|add:7 }}{% now 'Y' %}`",
    "&lt;b&gt;",
]
LOOKALIKES = [
    "\u0430lice",  # with a Cyrillic a
    "\u202eecila",  # written from right to left
    "al\u200bice",  # with a zero-width space
    "a b",
]
LONG = "x" * 150
NAMES = [*PATHS, *MARKUP, *LOOKALIKES, "a?b=c&d#e", LONG]
"""Sign-up refuses all but the last. A user with any of them can be made in a shell."""


def pages_of(name: str) -> dict[str, str]:
    """Each place that shows a user's name: the front page, their own page, a form, and a row of the websocket."""
    user = User.objects.create_user(name)
    client = logged_in(user)
    pages = [client.get(path).content.decode() for path in ("/", user.profile.get_absolute_url(), "/profile/")]
    pages.append(render_row(user.feed_events.get()))
    user.delete()
    return dict(zip(["front", "person", "form", "row"], pages, strict=True))


def test_no_name_becomes_markup() -> None:
    harmless = pages_of("alice")
    for name in [*MARKUP, *LOOKALIKES]:
        for place, html in pages_of(name).items():
            assert skeleton(html) == skeleton(harmless[place]), (name, place)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_shown_as_it_is(client: Client, name: str) -> None:
    user = User.objects.create_user(name)
    client.force_login(user)
    person = elements(client.get(path_of(user)).content.decode())
    assert [each.attributes["data-user"] for each in person if "data-user" in each.attributes] == [name, name]
    assert [each.text for each in person if each.attributes.get("class") == "name"] == [name, name]
    assert next(each.text for each in person if each.attributes.get("id") == "title") == name
    assert next(each.text for each in person if each.tag == "title") == f"{name} \N{MIDDLE DOT} Rill"
    (socket,) = (each.attributes["hx-ws:connect"] for each in person if "hx-ws:connect" in each.attributes)
    assert parse_qs(urlsplit(socket).query)["stream"] == [f"user:{name}"]


def path_of(user: User) -> str:
    """The path of a user's page. Browsers resolve `..` even if it is quoted, and proxies may unquote a slash."""
    path: str = user.profile.get_absolute_url()
    root, people, name, end = path.split("/")
    assert (root, people, end) == ("", "people", "")
    assert unquote(name).strip(".")
    assert "/" not in unquote(name)
    return path


@pytest.mark.database
def test_every_name_has_its_stream_and_its_json(client: Client) -> None:
    for name in NAMES:
        User.objects.create_user(name)
    for name in NAMES:
        (event,) = client.get("/api/events/", {"stream": f"user:{name}"}).json()["events"]
        assert (event["user"], event["summary"]) == (name, f"{name} has joined")


def test_signup_refuses_misleading_names(client: Client) -> None:
    for name in [*PATHS, *MARKUP, *LOOKALIKES, "a?b=c&d#e", "", LONG + "x", "nul\0", "\n"]:
        assert sign_up(client, name).status_code == 422, name
    assert not User.objects.exists()


@pytest.mark.database
@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ("alice", "Alice"),
        ("Alice", "alice"),
        ("alice", "\uff41lice"),  # with a full-width a
        ("žofie", "ŽOFIE"),
        ("Žofie", "žofie"),
    ],
)
def test_signup_refuses_a_name_that_differs_only_in_case_or_width(client: Client, taken: str, name: str) -> None:
    User.objects.create_user(taken)
    response = sign_up(client, name)
    assert response.status_code == 422
    assert "A user with that username already exists." in response.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["a.b@c+d-e_f", "žofie", "名前", "アリスalice", "Αλίκη", "Алиса", "42"])
def test_signup_accepts_names_of_all_languages(client: Client, name: str) -> None:
    assert sign_up(client, name).status_code == 302
    assert User.objects.get().username == unicodedata.normalize("NFKC", name)


def test_createsuperuser_refuses_misleading_names() -> None:
    for name in ("../admin", "<b>", "a/b"):
        with pytest.raises(CommandError, match="Enter a valid username"):
            call_command("createsuperuser", interactive=False, username=name, email="")
