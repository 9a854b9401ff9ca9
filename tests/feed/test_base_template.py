"""The pages inside the templates of other sites, and the check that tells what a base template lacks."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import override_script_prefix
from pytest_django import Settings

from feed.checks import base_template_has_the_blocks_of_the_pages
from feed.models import StatusChange

pytestmark = pytest.mark.django_db

TITLE = "{% block heading %}{% block title %}{% endblock %}{% endblock %}"
OWN = '{% extends "layout.html" %}' + TITLE + "{% block body %}%s{% endblock %}"
PARTS = '{% include "feed/head.html" %}{% block connection %}{% endblock %}{% block feed %}{% endblock %}'
LAYOUT = "<h1>{% block heading %}Shop{% endblock %}</h1>{% block body %}{% endblock %}"


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the templates of a site that has none yet, and no context processors."""
    settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [tmp_path], "APP_DIRS": True}
    ]
    (tmp_path / "feed").mkdir()
    return tmp_path


def lacking() -> list[str]:
    return [warning.msg for warning in base_template_has_the_blocks_of_the_pages(None)]


def page(client: Client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.usefixtures("folder")
def test_without_a_base_template_the_pages_stand_alone(client: Client, hello: StatusChange) -> None:
    assert lacking() == []
    for path in ("/", f"/events/{hello.pk}/", "/people/alice/", "/accounts/login/", "/accounts/signup/"):
        html = page(client, path)
        assert "feed/standalone.css" in html
        assert "feed/rill.js" in html


def test_the_pages_are_in_the_content_of_the_sites_base_template(folder: Path, as_alice: Client) -> None:
    (folder / "base.html").write_text(
        "<title>{% block title %}Shop{% endblock %}</title><b>{% block content %}{% endblock %}</b>"
    )
    assert lacking() == []
    html = page(as_alice)
    assert html.startswith("<title>Shop</title><b>")
    for part in (
        'id="connection"',
        'id="status"',
        'id="notice"',
        'id="editor"',
        "htmx-config",
        'type="module" data-user="alice"',
    ):
        assert part in html
    assert "<title>Your profile · Shop</title>" in page(as_alice, "/profile/")


def test_a_base_template_without_the_blocks_is_a_warning_with_a_hint(folder: Path) -> None:
    (folder / "base.html").write_text(LAYOUT)
    (warning,) = base_template_has_the_blocks_of_the_pages(None)
    assert warning.id == "feed.W010"
    assert warning.msg.endswith("content, title.")
    assert "feed/base.html" in str(warning.hint)
    assert not warning.is_serious()


def test_a_site_with_other_blocks_overrides_one_template(folder: Path, as_alice: Client) -> None:
    (folder / "layout.html").write_text(LAYOUT)
    (folder / "feed" / "base.html").write_text(OWN.replace("%s", PARTS))
    assert lacking() == []
    html = page(as_alice, "/profile/")
    assert html.startswith("<h1>Your profile")
    assert "feed/rill.css" in html


def test_an_override_without_the_blocks_of_the_pages_is_a_warning(folder: Path) -> None:
    (folder / "layout.html").write_text(LAYOUT)
    (folder / "feed" / "base.html").write_text(OWN.replace("%s", ""))
    assert [each.rpartition(": ")[2] for each in lacking()] == ["connection, feed."]


def test_a_sites_template_may_extend_the_one_of_the_feed(folder: Path, client: Client) -> None:
    (folder / "base.html").write_text("{% block title %}{% endblock %}{% block content %}{% endblock %}")
    (folder / "feed" / "base.html").write_text(
        '{% extends "feed/base.html" %}{% block feed %}{{ block.super }}{% endblock %}'
    )
    assert lacking() == []
    assert 'id="feed"' in page(client)


@pytest.mark.parametrize("base", ["{% extends layout %}", "{% nonsense %}"])
def test_a_base_template_that_only_a_view_can_resolve_is_no_warning(folder: Path, base: str) -> None:
    (folder / "base.html").write_text(base)
    assert lacking() == []


@pytest.mark.usefixtures("folder")
def test_without_the_pages_no_template_is_needed(settings: Settings, folder: Path) -> None:
    (folder / "base.html").write_text(LAYOUT)
    settings.ROOT_URLCONF = "tests.adopters.bare.urls"
    assert lacking() == []


@pytest.mark.usefixtures("folder")
def test_no_middleware_is_needed_to_read(settings: Settings, client: Client, hello: StatusChange) -> None:
    settings.MIDDLEWARE = []
    assert "Hello" in page(client, f"/events/{hello.pk}/")
    assert "<html" not in client.get(f"/?before={hello.pk + 1}", headers={"HX-Request": "true"}).content.decode()
    assert client.get("/api/events/").status_code == 200


@pytest.fixture
def shop(settings: Settings, folder: Path) -> Settings:
    """A site that has the feed below /activity/, a log-in, no sign-up, and no `profiles`."""
    settings.ROOT_URLCONF = "tests.adopters.foreign.urls"
    settings.LOGIN_URL = "/accounts/login/"
    return settings


@pytest.mark.usefixtures("shop")
def test_links_lead_only_to_pages_that_the_site_has(client: Client, hello: StatusChange) -> None:
    thread = page(client, f"/activity/events/{hello.pk}/")
    assert f'href="/accounts/login/?next=/activity/events/{hello.pk}/"' in thread
    assert "sign up" not in thread
    assert 'class="name">alice</a>' in thread
    assert 'href="/activity/">← All posts' in " ".join(thread.split()).replace('"> ←', '">←')


def test_without_a_log_in_page_nothing_leads_there(shop: Settings, client: Client, hello: StatusChange) -> None:
    for url in ("/nowhere/", "nowhere"):
        shop.LOGIN_URL = url
        assert "To post" not in page(client, "/activity/")
        assert "to comment" not in page(client, f"/activity/events/{hello.pk}/")


def test_a_log_in_on_another_site_is_linked(shop: Settings, client: Client) -> None:
    shop.LOGIN_URL = "https://login.example/?from=shop"
    assert 'href="https://login.example/?from=shop&amp;next=/activity/"' in page(client, "/activity/")


@pytest.mark.usefixtures("shop")
def test_a_row_links_to_the_page_that_the_user_model_names(
    client: Client, hello: StatusChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User, "get_absolute_url", lambda user: f"/customers/{user.pk}/", raising=False)
    assert f'class="name" href="/customers/{hello.user_id}/"' in page(client, "/activity/")


def test_under_a_script_name_the_page_knows_the_path_of_its_socket(settings: Settings, client: Client) -> None:
    settings.FORCE_SCRIPT_NAME = "/site"
    with override_script_prefix("/site/"):
        html = page(client)
    assert 'hx-ws:connect="/site/ws/feed/?' in html
    assert 'href="/site/' in html


def test_a_base_template_with_a_head_has_the_description_there(folder: Path, client: Client) -> None:
    (folder / "base.html").write_text(
        "<head>{% block title %}{% endblock %}{% block head %}<meta name=own>{% endblock %}</head>"
        "{% block content %}{% endblock %}"
    )
    assert lacking() == []
    head, _, body = page(client).partition("</head>")
    assert "<meta name=own>" in head
    assert 'property="og:title"' in head
    assert "og:" not in body
