"""Alice owns an event, bob is logged in, and charlie is not. And text never becomes markup."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed import log
from feed.connection.origins import is_allowed
from feed.frames import encoding
from feed.frames.describe import describe
from feed.frames.entries import Entry
from feed.frames.formats import changes_frame
from feed.models import Comment, Event, StatusChange
from tests.conftest import logged_in
from tests.support.kinds import Deploy
from tests.support.markup import elements, skeleton

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hello(alice: User) -> StatusChange:
    status: StatusChange = StatusChange.objects.create(user=alice, text="Hello")
    return status


def state() -> list[dict[str, Any]]:
    """All events with their public fields."""
    return [describe(event) for event in Event.objects.order_by("pk")]


@pytest.mark.parametrize("action", ["edit", "delete"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_bob_can_neither_edit_nor_delete_alices_events(
    as_bob: Client, hello: StatusChange, action: str, headers: dict[str, str]
) -> None:
    comment = Comment.objects.create(user=hello.user, thread=StatusChange.objects.create(user=bob(), text="Bob's"))
    before = state()
    for event in (hello, comment, Event.objects.get(user=hello.user, kind="welcome")):
        path = f"/events/{event.pk}/{action}/"
        assert as_bob.get(path, headers=headers).status_code == 403
        assert as_bob.post(path, {"text": "Mine", "user": bob().pk}, headers=headers).status_code == 403
    assert state() == before


def bob() -> User:
    return User.objects.get(username="bob")


@pytest.mark.parametrize(
    "path", ["/events/", "/events/{}/comments/", "/events/{}/edit/", "/events/{}/delete/", "/profile/"]
)
def test_charlie_is_redirected_to_the_login(client: Client, hello: StatusChange, path: str) -> None:
    before, path = state(), path.format(hello.pk)
    response = client.post(path, {"text": "Nobody's"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/?next=/")
    assert client.post(path, {"text": "Nobody's"}, headers=HTMX).headers["HX-Redirect"].startswith("/accounts/login/")
    assert state() == before


def test_alice_cannot_change_anything_after_her_account_is_deactivated(as_alice: Client, hello: StatusChange) -> None:
    User.objects.update(is_active=False)
    before = state()
    for path in ("/events/", f"/events/{hello.pk}/edit/", f"/events/{hello.pk}/delete/"):
        assert as_alice.post(path, {"text": "Again"}).headers["Location"].startswith("/accounts/login/")
    assert state() == before


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_accepts_no_writes(hello: StatusChange, as_bob: Client, method: str) -> None:
    before = state()
    for client in (logged_in(hello.user), as_bob, Client()):
        for path in ("/api/events/", f"/api/events/{hello.pk}/", f"/api/events/{hello.pk}"):
            response = getattr(client, method)(path, {"text": "Mine"}, content_type="application/json")
            assert response.status_code in {404, 405}
    assert state() == before


def test_no_header_overrides_the_method(as_bob: Client, hello: StatusChange) -> None:
    before = state()
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        as_bob.get(f"/events/{hello.pk}/delete/", headers={name: "POST"})
        as_bob.post("/api/events/", {"_method": "DELETE"}, headers={name: "DELETE"})
    assert state() == before


def test_forged_fields_of_a_post_are_ignored(as_bob: Client, alice: User, hello: StatusChange) -> None:
    forged = {"text": "Hi!", "user": alice.pk, "user_id": alice.pk, "kind": "welcome", "id": hello.pk, "pk": hello.pk}
    forged |= {"thread": 1, "thread_id": 1, "created_at": "2000-01-01", "edited_at": "2000-01-01"}
    for path in ("/events/", f"/events/{hello.pk}/comments/"):
        assert as_bob.post(path, forged).status_code == 302
    status, comment = StatusChange.objects.get(user=bob()), Comment.objects.get()
    assert (status.kind, status.created_at.year, status.edited_at) == ("status_change", hello.created_at.year, None)
    assert (comment.user, comment.thread_id, comment.kind) == (bob(), hello.pk, "comment")
    assert as_bob.post(f"/events/{status.pk}/edit/", forged | {"text": "Hi, all!"}).status_code == 302
    edited = StatusChange.objects.get(pk=status.pk)
    assert (edited.text, edited.user, edited.kind, edited.created_at) == (
        "Hi, all!",
        bob(),
        "status_change",
        status.created_at,
    )
    hello.refresh_from_db()
    assert (hello.text, hello.user) == ("Hello", alice)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://rill.example", "rill.example"),
        ("https://rill.example", "rill.example"),
        ("http://rill.example:8000", "rill.example:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://trusted.example", "rill.example"),
        ("https://a.b.wide.example", "rill.example"),
    ],
)
def test_pages_of_this_site_may_watch(our_hosts: None, origin: str, host: str) -> None:
    assert is_allowed(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "rill.example"),
        ("null", "rill.example"),
        ("*", "rill.example"),
        ("http://evil.example", "rill.example"),
        ("http://evil.example", "evil.example"),  # DNS rebinding
        ("http://rill.example.evil.example", "rill.example"),
        ("http://evilrill.example", "rill.example"),
        ("http://rill.example:8000", "rill.example"),
        ("http://rill.example", "rill.example:8000"),
        ("ftp://rill.example", "rill.example"),
        ("file://", "rill.example"),
        ("file://rill.example", "rill.example"),
        ("chrome-extension://rill.example", "rill.example"),
        ("rill.example", "rill.example"),
        ("//rill.example", "rill.example"),
        ("http:///rill.example", "rill.example"),
        ("http://rill.example@evil.example", "rill.example"),
        ("http://evil.example@rill.example", "rill.example"),
        ("http://evil.example#@rill.example", "rill.example"),
        ("http://evil.example\\@rill.example", "rill.example"),
        ("http://rill.example.", "rill.example"),
        ("http://[::2]:8000", "[::1]:8000"),
        ("http://[::1", "[::1"),
        ("http://[broken", "rill.example"),
        ("http://rill.example, http://evil.example", "rill.example"),
        ("http://trusted.example", "rill.example"),
        ("https://trusted.example:444", "rill.example"),
        ("https://trusted.example.evil.example", "rill.example"),
        ("https://evilwide.example", "rill.example"),
        ("https://wide.example.evil.example", "rill.example"),
    ],
)
def test_pages_of_other_sites_may_not_watch(our_hosts: None, origin: str, host: str) -> None:
    assert not is_allowed(origin, host)


def test_a_site_on_https_refuses_its_own_origin_on_http(our_hosts: None, settings: Settings) -> None:
    """An attacker on the network could serve such a page, and its websocket would carry the user's cookie."""
    settings.SECURE_SSL_REDIRECT = True
    assert is_allowed("https://rill.example", "rill.example")
    assert not is_allowed("http://rill.example", "rill.example")


@pytest.fixture
def our_hosts(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["rill.example", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wide.example"]


TEXTS = [
    "<script>alert(1)</script>",
    '<a href="/" hx-get="/accounts/logout/" hx-trigger="load">',
    '" hx-on:click="alert(1)" hx-get="/',
    "' onfocus='alert(1)' autofocus='",
    '</p></article><article id="event-1" class="event">',
    '<hx-partial hx-target="#feed" hx-swap="delete"></hx-partial>',
    '<input id="cursor" name="after" value="0" hx-swap-oob="true">',
    "</textarea></form><form action=/events/>",
    "</title><base href=//evil.example>",
    "{{ 7|add:7 }}{% csrf_token %}",
    "--><!-- ]]>",
    "&lt;script&gt; &#x3c;",
    '\\u003cscript> "} \\',
]


def places(client: Client, text: str) -> dict[str, str]:
    """Each place that shows a text of alice: pages, a fragment, forms and frames."""
    event = StatusChange.objects.create(user=User.objects.get(username="alice"), text=text)
    own, older = event.get_absolute_url(), f"/?before={event.pk + 1}"
    responses = {path: client.get(path) for path in ("/", "/people/alice/", own, f"{own}edit/", f"{own}delete/", older)}
    responses["fragment"] = client.get(older, headers=HTMX)
    names = ["front", "person", "thread", "edit", "delete", "older", "fragment"]
    pages = dict(zip(names, [response.content.decode() for response in responses.values()], strict=True))
    pages |= {action: frame(event, action) for action in ("created", "updated")}
    event.delete()
    return pages


def frame(event: Event, action: str) -> str:
    entry = Entry(1, action, event.pk, event.kind, frozenset(), event)
    encoding.encode(entry, ["html"])
    return changes_frame("html", "k3x9", 0, 1, [entry]).text


def texts(html: str) -> list[str]:
    return [each.text for each in elements(html) if each.attributes.get("class") == "text" or each.tag == "textarea"]


def test_no_text_becomes_markup(as_alice: Client, alice: User) -> None:
    harmless = places(as_alice, "Hello")
    for text in TEXTS:
        for place, html in places(as_alice, text).items():
            assert text in [shown.removeprefix("\n") for shown in texts(html)], (text, place)
            assert skeleton(html) == skeleton(harmless[place]), (text, place)


@pytest.mark.parametrize("text", TEXTS)
def test_json_carries_every_text_unchanged(client: Client, hello: StatusChange, text: str) -> None:
    hello.text = text
    hello.save()
    state = log.number()
    entries = encoding.load(log.read(0, state.head))
    for entry in entries:
        encoding.encode(entry, ["json"])
    frame = json.loads(changes_frame("json", state.epoch, 0, state.head, entries).text)
    assert frame["changes"][-1]["event"]["text"] == text
    assert client.get("/api/events/").json()["events"][0]["text"] == text


@pytest.mark.parametrize("text", TEXTS)
def test_no_field_of_a_kind_without_a_template_becomes_markup(client: Client, alice: User, text: str) -> None:
    deploy = Deploy.objects.create(user=alice, service="web")
    harmless = client.get(deploy.get_absolute_url()).content.decode()
    Deploy.objects.update(service=text, details={text: text}, edited_at=None)
    rows = client.get(deploy.get_absolute_url()).content.decode()
    assert skeleton(rows) == skeleton(harmless)
    assert any(text in each for each in texts(rows))
