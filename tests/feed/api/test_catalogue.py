"""What programs can find out: kinds of events with their fields, and streams."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from feed.models import Event
from feed.streams.stream import STREAMS
from tests.support.api import Program
from tests.support.audiences import team

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def kinds(program: Program) -> dict[str, Any]:
    return {each["kind"]: each for each in program.get("/api/kinds/").json()["kinds"]}


def streams(program: Program) -> dict[str, Any]:
    return {each["name"]: each for each in program.get("/api/streams/").json()["streams"]}


def test_every_kind_is_listed_with_its_own_fields(alice: User) -> None:
    found = kinds(Program())
    assert found.keys() == Event.kinds().keys() - {"event"}
    comment = found["comment"]
    assert comment["fields"].keys() == {"text", "thread", "reply_to"}
    assert comment["required"] == ["text", "thread"]
    assert comment["fields"]["text"] == {"title": "text", "type": "string", "maxLength": 2000, "minLength": 1}
    assert comment["fields"]["reply_to"]["readOnly"]
    assert comment["description"].startswith("A text about an event.")


def test_who_may_post_is_told(alice: User) -> None:
    def may_post(program: Program) -> set[str]:
        return {name for name, kind in kinds(program).items() if kind["may_post"]}

    assert may_post(Program(alice)) == {"status_change", "comment", "reaction"}
    assert may_post(Program()) == may_post(Program(alice, scopes=("read",))) == set()


def test_streams_are_listed_with_what_they_hold(alice: User, bob: User, teams: None) -> None:
    ours = team(alice)
    found = streams(Program(alice))
    assert len(found) == len(STREAMS)
    assert (found["user:KEY"]["type"], found["user:KEY"]["may_watch"]) == ("topic", True)
    assert found["public"]["description"] == "`public`: every event, to each watcher those that its user may see."
    assert found["home"]["type"] == "personal"
    assert (found["team:KEY"]["yours"], found["team:KEY"]["to_post"]) == ([ours], [ours])
    assert found["only:KEY"]["yours"] == ["only:alice"]
    for other in (Program(bob), Program()):
        assert streams(other)["team:KEY"]["yours"] == []
        assert not streams(other)["team:KEY"]["may_watch"]
    assert not streams(Program())["home"]["may_watch"]


def test_every_stream_that_is_said_to_be_ones_own_can_be_watched(alice: User, teams: None) -> None:
    team(alice)
    program = Program(alice)
    own = [name for each in streams(program).values() for name in each["yours"]]
    assert len(own) > 1
    for name in own:
        assert program.get(f"/api/events/?stream={name}").status_code == 200
