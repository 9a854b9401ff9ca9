"""Pages, fragments and frames in other locales: only text for people may differ."""

import re
from typing import Protocol

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from feed import log
from feed.frames import encoding, row_cache
from feed.frames.formats import FORMATS, changes_frame
from feed.frames.rows import render_row
from feed.log import Change, Log
from feed.models import Comment, Event, StatusChange
from tests.conftest import logged_in
from tests.support.kinds import Announcement, Temperature
from tests.support.markup import Element, elements

pytestmark = pytest.mark.django_db

SAME = {"X-Request-ID": "the-same-request"}
"""Pages have the id of their request."""
HTMX = {"HX-Request": "true"}
LOCALISED = re.compile(r"\d[.,'\s\u00a0\u202f\u2019]\d{3}\b")
"""A number with a thousands separator: 5.008, 5,008, 5 008."""

LOCALES: dict[str, dict[str, object]] = {
    "German": {"USE_I18N": True, "LANGUAGE_CODE": "de", "USE_THOUSAND_SEPARATOR": True, "TIME_ZONE": "Europe/Berlin"},
    "French": {
        "USE_I18N": True,
        "LANGUAGE_CODE": "fr",
        "USE_THOUSAND_SEPARATOR": True,
        "TIME_ZONE": "Asia/Tokyo",
    },
    "English": {"USE_I18N": True, "LANGUAGE_CODE": "en", "USE_THOUSAND_SEPARATOR": True},
    "no translations": {"LANGUAGE_CODE": "de", "USE_THOUSAND_SEPARATOR": True},
    "Persian": {"USE_I18N": True, "LANGUAGE_CODE": "fa", "USE_THOUSAND_SEPARATOR": True, "TIME_ZONE": "Asia/Tehran"},
    "naive times": {"USE_TZ": False, "LANGUAGE_CODE": "de", "USE_THOUSAND_SEPARATOR": True, "TIME_ZONE": "UTC"},
}


class Configure(Protocol):
    def __call__(self, **names: object) -> None: ...


@pytest.fixture
def configure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Change settings in a process that has rendered pages already."""

    def set_all(**values: object) -> None:
        for name, value in values.items():
            setattr(settings, name, value)
        # Django reads USE_I18N only once.
        row_cache.forget()
        monkeypatch.setattr(translation, "_trans", type(vars(translation)["_trans"])())

    return set_all


@pytest.fixture
def alice() -> User:
    """Alice, with a key above 999, like all keys and positions here."""
    Log.objects.update_or_create(pk=1, defaults={"epoch": "k3x9", "head": 5000, "floor": 5000})
    return User.objects.create_user("alice", pk=1234)


@pytest.fixture
def hello(alice: User) -> StatusChange:
    """A status with many others below it, and many comments."""
    Event.objects.all().delete()
    Change.objects.all().delete()
    for number in range(5001, 5040):
        hello: StatusChange = StatusChange.objects.create(pk=number, user=alice, text="Hello")
    for number in range(6001, 6120):
        Comment.objects.create(pk=number, user=alice, thread=hello, text="Hi")
    Announcement.objects.create(pk=7001, user=alice, text="Soon")
    Temperature.objects.create(pk=7002, user=alice, value=20)
    log.number()
    return hello


def markup(html: str) -> list[tuple[str, dict[str, str]]]:
    """All elements with their attributes, except random values and Django's texts for people."""
    found = elements(html)
    rows = [row for each in found if (row := each.attributes.get("data-row"))]  # of a text that is being sent
    return [*((each.tag, attributes(each)) for each in found), *(part for row in rows for part in markup(row))]


def attributes(element: Element) -> dict[str, str]:
    left_out = {"title", "data-row"}
    if element.attributes.get("name") in {"csrfmiddlewaretoken", "key"}:
        left_out |= {"value"}
    return {name: value for name, value in element.attributes.items() if name not in left_out}


def pages(alice: User, hello: StatusChange) -> dict[str, str]:
    own = f"/events/{hello.pk}/"
    paths = ["/", "/?before=5039", "/people/alice/", own, f"{own}?before=6050", f"{own}edit/", f"{own}delete/"]
    paths += ["/profile/", "/nowhere/"]
    shown = {path: logged_in(alice).get(path, headers=SAME).content.decode() for path in paths}
    shown |= {f"htmx {path}": logged_in(alice).get(path, headers=HTMX | SAME).content.decode() for path in paths}
    shown |= {path: Client().get(path).content.decode() for path in ("/accounts/login/", "/accounts/signup/")}
    refused = logged_in(alice).post("/events/", {"text": "", "as": "1"}, headers=SAME)
    shown["refused"] = refused.content.decode()
    return shown | {"frame": frame(5000), "reset": FORMATS["html"].reset("k3x9", 5200, "expired")}


def frame(after: int) -> str:
    head = log.state().head
    entries = encoding.load(log.read(after, head))
    for entry in entries:
        encoding.encode(entry, ["html"])
    return changes_frame("html", "k3x9", after, head, [(entry, entry.action) for entry in entries]).text


@pytest.mark.parametrize("locale", LOCALES)
def test_the_markup_is_the_same_in_every_locale(
    alice: User, hello: StatusChange, configure: Configure, locale: str
) -> None:
    plain = pages(alice, hello)
    configure(**LOCALES[locale])
    for path, html in pages(alice, hello).items():
        assert markup(html) == markup(plain[path]), path
        for element in elements(html):
            assert not LOCALISED.search(element.text.replace(" UTC", "")), (path, element)


def test_a_comment_shows_the_id_of_its_thread_without_separators(hello: StatusChange, configure: Configure) -> None:
    configure(LANGUAGE_CODE="de", USE_THOUSAND_SEPARATOR=True)
    assert f"#{hello.pk}</a>" in render_row(Comment.objects.latest("pk"))


def test_a_row_does_not_depend_on_the_request_that_rendered_it(hello: StatusChange, configure: Configure) -> None:
    configure(USE_I18N=True)
    StatusChange.objects.update(created_at=timezone.now().replace(month=10))
    hello.refresh_from_db()
    here = render_row(hello)
    with translation.override("ar"), timezone.override("Asia/Tokyo"):
        assert render_row(hello) == here
    with translation.override(None), timezone.override(None):
        assert render_row(hello) == here
