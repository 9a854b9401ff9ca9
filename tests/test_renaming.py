"""A migration that renames the model of a kind, run by manage.py."""

import json

from tests.support.databases import clean_environment, manage, sqlite_database

SAVED_BEFORE = """
from django.contrib.auth.models import User
from django.db import connection
from feed import log, receivers
from feed.models import Change, Event
event = Event.rows.create(user=User.objects.create(username="alice"), kind="deployment")
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO renaming_deployment (event_ptr_id, version) VALUES (%s, '1.0')", [event.pk])
    cursor.execute("UPDATE feed_event SET kind = 'deployment' WHERE id = %s", [event.pk])
Change.objects.filter(event_id=event.pk).delete()
event.kind = "deployment"
streams = event.streams()
log.record("created", [log.Recorded(event.id, event.kind, streams, "public", ("only:alice", streams))])
"""
READ_BACK = """
import json
from feed.models import Change, Event
event = Event.objects.exclude(kind="welcome").get()
change = Change.objects.get(event_id=event.pk)
assert change.moved_from["streams"] == change.streams
print(json.dumps([event.kind, getattr(event, "version", None), change.kind, change.streams[:3]]))
"""


def test_renaming_a_model_renames_its_kind_forwards_and_backwards() -> None:
    with sqlite_database() as url:
        environment = clean_environment(url) | {"DJANGO_SETTINGS_MODULE": "tests.renaming.settings"}

        def read_back() -> list[object]:
            found: list[object] = json.loads(manage(environment, "shell", "--no-imports", "-c", READ_BACK))
            return found

        manage(environment, "migrate", "renaming", "0001")
        manage(environment, "shell", "--no-imports", "-c", SAVED_BEFORE)
        assert read_back()[0] == "deployment"
        manage(environment, "migrate", "renaming")
        assert read_back() == ["release", "1.0", "release", ["public", "user:alice", "kind:release"]]
        manage(environment, "migrate", "renaming", "0001")
        assert read_back() == ["deployment", None, "deployment", ["public", "user:alice", "kind:deployment"]]
