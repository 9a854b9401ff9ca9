"""dumpdata and loaddata."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from feed.models import Comment, Event, StatusChange
from tests.feed.recorded import changes, forget_changes
from tests.support.kinds import Announcement, Deploy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("empty_log")]


MODELS = [
    *("feed.event", "feed.statuschange", "feed.comment", "feed.announcement", "feed.deploy", "profiles.welcome"),
]


def attributes_of_events() -> list[dict[str, Any]]:
    """All attributes that a dump keeps. Its times are in milliseconds, and a user may get another key."""

    def rounded(value: Any) -> Any:
        return value.replace(microsecond=value.microsecond // 1000 * 1000) if isinstance(value, datetime) else value

    left_out = {"_state", "user_id", "_user_cache"}
    return [
        {"type": type(event), "user": event.user.username}
        | {name: rounded(value) for name, value in vars(event).items() if name not in left_out}
        for event in Event.objects.order_by("pk")
    ]


@pytest.mark.parametrize(
    "natural",
    [[], ["--natural-foreign"], ["--natural-foreign", "--natural-primary"]],
    ids=["by keys", "natural foreign", "natural"],
)
@pytest.mark.parametrize(
    "labels",
    [["auth.user", "feed", "profiles"], ["profiles", "feed", "auth.user"], ["auth.user", *MODELS]],
    ids=["apps", "apps backwards", "models"],
)
def test_loading_a_dump_restores_the_same_events(
    alice: User, tmp_path: Path, natural: list[str], labels: list[str]
) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    Announcement.objects.create(user=alice, text="Soon")
    Deploy.objects.create(user=alice, service="web")
    status.save()
    before, recorded = attributes_of_events(), changes()
    file = tmp_path / "dump.json"
    call_command("dumpdata", *labels, *natural, output=str(file))
    roots = [row["pk"] for row in json.loads(file.read_text()) if row["model"] == "feed.event"]
    assert roots == [event["id"] for event in before]
    Event.objects.all().delete()
    User.objects.all().delete()
    forget_changes()
    call_command("loaddata", file, verbosity=0)
    assert attributes_of_events() == before
    # The log is dumped with the app `feed`.
    assert [row for row in changes() if row[1] in roots] == (recorded if "feed" in labels else [])
