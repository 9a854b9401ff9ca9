"""Walks all URLs, so that a new page is covered, too: CSRF tokens, security headers, and CORS."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from feed import log
from feed.models import StatusChange
from tests.conftest import logged_in
from tests.support.markup import elements

pytestmark = pytest.mark.django_db

FOREIGN = "https://evil.example"


@pytest.fixture
def superuser(alice: User) -> User:
    """Alice as a superuser, with one status."""
    alice.is_staff = alice.is_superuser = True
    alice.save()
    StatusChange.objects.create(user=alice, text="Hello")
    return alice


def every_path(user: User) -> list[str]:
    """A path to each view. Fails on a URL parameter that isn't listed here."""
    pk = StatusChange.objects.get().pk
    parts = {"pk": pk, "name": user.username, "object_id": pk, "app_label": "feed", "url": "nowhere"}
    parts |= {"version": "none", "size": 64, "uidb64": "MQ", "token": "none"}
    numbers = {"content_type_id": 1, "id": user.pk}
    paths = {"/" + template % (parts | numbers) for template in templates(get_resolver())}
    assert {"/", "/events/", f"/events/{pk}/", "/people/alice/", "/api/events/", "/admin/", "/healthz"} <= paths
    return sorted(paths)


def templates(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        ((template, _), *_) = normalize(pattern.pattern.regex.pattern)
        if isinstance(pattern, URLPattern):
            yield prefix + template
        else:
            yield from templates(pattern, prefix + template)


def test_every_form_without_a_csrf_token_is_refused(superuser: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    statuses = {path: client.post(path).status_code for path in every_path(superuser)}
    assert {path: status for path, status in statuses.items() if status != 403} == {}
    assert StatusChange.objects.get().text == "Hello"
    assert User.objects.get() == superuser


def test_every_form_has_a_csrf_token_and_posts_to_its_own_site(superuser: User) -> None:
    pages = [html for client in (logged_in(superuser), Client()) for html in html_pages(client)]
    forms = [each for html in pages for each in elements(html) if is_post_form(each.attributes)]
    assert len(forms) > 50
    for form in forms:
        assert "csrfmiddlewaretoken" in form.fields
        for target in (form.attributes.get("action", ""), form.attributes.get("hx-post", "")):
            assert target == "" or (target.startswith("/") and not target.startswith("//"))


def html_pages(client: Client) -> Iterator[str]:
    for path in every_path(User.objects.get()):
        response = client.get(path)
        if response.headers["Content-Type"].startswith("text/html"):
            yield response.content.decode()


def is_post_form(attributes: dict[str, str]) -> bool:
    return attributes.get("method", "").lower() == "post" or "hx-post" in attributes


def assert_security_headers(response: Any) -> None:
    directives = dict(each.strip().split(" ", 1) for each in response.headers["Content-Security-Policy"].split(";"))
    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["form-action"] == "'self'"
    assert "unsafe" not in str(directives)
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert not [name for name in response.headers if name.startswith("Access-Control-")]


def test_every_response_has_the_security_headers(superuser: User) -> None:
    """No header lets another origin read it."""
    for client in (logged_in(superuser), Client()):
        for path in [*every_path(superuser), "/static/nowhere.js"]:
            assert_security_headers(client.get(path, headers={"Origin": FOREIGN}))


def test_a_static_file_is_no_other_type_and_not_for_other_origins(client: Client) -> None:
    response = client.get("/static/feed/rill.js", headers={"Origin": FOREIGN})
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in response.headers if name.startswith("Access-Control-")]


def test_no_cors_preflight_is_granted(client: Client) -> None:
    preflight = {"Origin": FOREIGN, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "X-Any"}
    for path in ("/api/events/", "/events/", "/"):
        assert_security_headers(client.options(path, headers=preflight))


def test_error_pages_have_the_security_headers(
    client: Client, superuser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> log.State:
        raise RuntimeError

    responses: list[HttpResponse] = []
    client.raise_request_exception = False
    bob = logged_in(User.objects.create_user("bob"))
    event = StatusChange.objects.get()
    guarded = Client(enforce_csrf_checks=True)
    responses += [client.get("/", headers={"Host": "evil.example"}), bob.get(f"{event.get_absolute_url()}edit/")]  # type: ignore[list-item]
    responses += [guarded.post("/accounts/login/"), client.get("/nowhere/"), client.post("/")]  # type: ignore[list-item]
    monkeypatch.setattr(log, "state", broken)
    responses += [client.get("/")]  # type: ignore[list-item]
    assert [response.status_code for response in responses] == [400, 403, 403, 404, 405, 500]
    for response in responses:
        assert_security_headers(response)
