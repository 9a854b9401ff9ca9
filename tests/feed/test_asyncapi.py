"""The AsyncAPI document: it is valid, and the frames are as it says."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import override_script_prefix
from jsonschema import Draft7Validator, ValidationError

from feed import log
from feed.api.schemas import EventOut
from feed.asyncapi.closing import CLOSE_CODES
from feed.asyncapi.frames import CLIENT_MESSAGES, FRAMES
from feed.frames.describe import PUBLIC_FIELDS
from feed.frames.formats import FORMATS
from feed.frames.schemas import EVENT, own_fields
from feed.models import Event, StatusChange
from feed.refusals import Refusal
from feed.testing import FeedWatcher
from tests.support.asyncapi import described, validate_frame
from tests.support.audiences import join, leave, team
from tests.support.databases import ROOT
from tests.support.every_kind import one_of_each
from tests.support.kinds import Slogan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("teams")]

Connect = Callable[..., FeedWatcher]
Json = dict[str, Any]


def seen(frames: list[Json]) -> list[Json]:
    for frame in frames:
        validate_frame(frame)
    return frames


def kinds_and_actions(frames: list[Json]) -> set[tuple[str, str]]:
    return {(change["event"]["kind"], change["action"]) for frame in frames for change in frame["changes"]}


def test_the_document_is_valid(client: Client) -> None:
    schema = json.loads((ROOT / "tests/schemas/asyncapi-3.0.0.json").read_text())
    response = client.get("/api/asyncapi.json")
    assert response.headers["Content-Type"] == "application/json"
    Draft7Validator(schema).validate(response.json())
    with pytest.raises(ValidationError):
        Draft7Validator(schema).validate(response.json() | {"channels": []})


def test_the_document_says_where_the_site_is(client: Client) -> None:
    servers = client.get("/api/asyncapi.json", HTTP_HOST="testserver", secure=True).json()["servers"]
    assert servers["websocket"] == {"host": "testserver", "pathname": "/", "protocol": "wss"}
    with override_script_prefix("/shop/"):
        under = client.get("/api/asyncapi.json").json()["servers"]
    assert (under["http"]["pathname"], under["http"]["protocol"]) == ("/shop/", "http")


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = described()
    for name in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        found: Any = document
        for part in name.split("/"):
            found = found[part]


def test_every_kind_is_described_with_its_fields() -> None:
    schemas = described()["components"]["schemas"]
    assert {*Event.kinds()} < schemas.keys()
    assert schemas["comment"]["allOf"][1]["properties"].keys() == {"kind", "text", "thread", "reply_to"}
    assert schemas["AnyEvent"]["oneOf"][-1] == {"$ref": "#/components/schemas/OtherEvent"}
    assert len(schemas["AnyEvent"]["oneOf"]) == len(Event.kinds()) + 1


def test_events_have_the_same_common_fields_in_all_descriptions() -> None:
    assert [*EVENT["properties"]] == [*EVENT["required"]] == [*EventOut.model_fields] == [*PUBLIC_FIELDS]


def test_live_and_replayed_frames_of_every_kind_are_as_described(alice: User, bob: User, feed_watcher: Connect) -> None:
    watcher = feed_watcher()
    seen(watcher.frames())
    events = one_of_each(alice, bob)
    live, replayed = seen(watcher.frames()), seen(feed_watcher(after=0).frames())
    welcomed = {("welcome", "created")}
    assert kinds_and_actions(live) | welcomed == kinds_and_actions(replayed)
    assert kinds_and_actions(live) | welcomed == {(event.kind, "created") for event in events}
    for event in events:
        sent = json.loads(FORMATS["json"].event(event))
        assert sent.keys() == {*PUBLIC_FIELDS, *own_fields(type(event))}, event.kind


def test_edited_and_deleted_events_are_as_described(alice: User, bob: User, feed_watcher: Connect) -> None:
    events = one_of_each(alice, bob)
    watcher = feed_watcher()
    watcher.frames()
    for event in events:
        event.save()
    assert kinds_and_actions(seen(watcher.frames())) == {(event.kind, "updated") for event in events}
    alice.delete()
    bob.delete()
    Event.objects.all().delete()
    assert kinds_and_actions(seen(watcher.frames())) == {(event.kind, "deleted") for event in events}


def test_moved_events_are_as_described(alice: User, bob: User, hello: StatusChange, feed_watcher: Connect) -> None:
    public, private = feed_watcher(), feed_watcher(bob, streams=["user:bob", audience := team(bob)])
    seen(public.frames()), seen(private.frames())
    hello.user, hello.audience = bob, audience
    hello.save()
    assert kinds_and_actions(seen(public.frames())) == {("status_change", "deleted")}
    assert kinds_and_actions(seen(private.frames())) == {("status_change", "created")}


def test_resets_are_as_described(alice: User, feed_watcher: Connect) -> None:
    audience = team(alice)
    leave(alice)
    watcher = feed_watcher(alice)
    watcher.frames()
    join(alice, audience)
    frames = seen(watcher.frames()) + seen(feed_watcher(after=1000).frames())
    log.rename()
    frames += seen(watcher.frames())
    assert {frame["reason"] for frame in frames if frame["type"] == "reset"} == {"access", "ahead", "other_log"}
    with pytest.raises(ValidationError):
        validate_frame({"type": "reset", "log": "k3x9", "position": 1, "reason": "because"})


def test_errors_are_as_described() -> None:
    frame = json.loads(FORMATS["json"].error(Refusal("unknown_stream", "There is no stream 'nope'.", 4404)))
    validate_frame(frame)
    with pytest.raises(ValidationError):
        validate_frame({"type": "error", "code": 7, "message": "?"})


@pytest.mark.parametrize("wrong", [{"text": None}, {"user": 7}, {"created_at": 1}, {"kind": "comment", "thread": "x"}])
def test_an_event_that_is_not_as_described_is_noticed(hello: StatusChange, wrong: Json) -> None:
    event = json.loads(FORMATS["json"].event(hello))
    frame = {"type": "changes", "log": "k3x9", "after": 1, "position": 2}
    changes = [{"position": 2, "action": "created", "event": event}]
    validate_frame(frame | {"changes": changes})
    with pytest.raises(ValidationError):
        validate_frame(frame | {"changes": [changes[0] | {"event": event | wrong}]})


def test_an_event_of_a_kind_that_this_server_does_not_know_is_described(alice: User, feed_watcher: Connect) -> None:
    Event.objects.create(user=alice)
    Event.rows.update(kind="of_another_release")
    assert ("of_another_release", "created") in kinds_and_actions(seen(feed_watcher(after=0).frames()))


def test_a_key_of_another_model_is_described_by_the_type_of_that_key() -> None:
    assert own_fields(Slogan)["approved_by"]["type"] == ["integer", "null"]


def test_the_close_codes_are_those_of_the_protocol() -> None:
    document = (ROOT / "docs/protocol.md").read_text()
    rows = re.findall(r"(?m)^\| (\d{4}[^|]*)\| ([^|]*)\| (yes|no)", document)
    documented = {(int(code), retry == "yes") for codes, _, retry in rows for code in re.findall(r"\d{4}", codes)}
    assert documented == {(each.code, each.retry) for each in CLOSE_CODES}
    reasons = {name for _, text, _ in rows for name in re.findall(r"`([a-z]+_[a-z_]+)`", text)}
    assert reasons == {name for each in CLOSE_CODES for name in each.codes}


def test_the_protocol_explains_what_the_document_lists() -> None:
    document = (ROOT / "docs/protocol.md").read_text()
    for name in [*FRAMES, *CLIENT_MESSAGES]:
        assert f'"type": "{name}"' in document, name
    for reason in FRAMES["reset"]["properties"]["reason"]["enum"]:
        assert f"| `{reason}` |" in document
