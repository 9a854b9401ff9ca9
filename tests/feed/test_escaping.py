"""A text never becomes markup: not on a page, in a fragment, a form or a frame."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed import log
from feed.frames import encoding
from feed.frames.entries import Entry
from feed.frames.formats import changes_frame
from feed.models import Event, StatusChange
from tests.support.kinds import Deploy
from tests.support.markup import elements, skeleton

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}

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
    return changes_frame("html", "k3x9", 0, 1, [(entry, entry.action)]).text


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
    frame = json.loads(
        changes_frame("json", state.epoch, 0, state.head, [(entry, entry.action) for entry in entries]).text
    )
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
