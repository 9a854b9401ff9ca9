"""The log in the admin: to look at, and cheap however long it is."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed import log, log_admin
from feed.log import Change
from feed.models import StatusChange
from tests.support.markup import elements

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("empty_log")]
PAGE = "/admin/feed/change/"


@pytest.fixture
def posts(alice: User) -> list[StatusChange]:
    made = [StatusChange.objects.create(user=alice, text=str(number)) for number in range(6)]
    log.number()
    return made


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_admin, "WINDOW", 3)


def listed(client: Client, query: str = "") -> list[int]:
    """The ids of the events whose changes are listed."""
    found = elements(client.get(PAGE + query).content.decode())
    return [int(each.text) for each in found if each.attributes.get("class") == "field-event_id"]


def test_the_newest_changes_come_first(admin_client: Client, posts: list[StatusChange]) -> None:
    assert listed(admin_client)[: len(posts)] == [post.pk for post in reversed(posts)]


def test_only_the_newest_are_listed_and_counted(
    admin_client: Client, posts: list[StatusChange], small_window: None
) -> None:
    newest = [post.pk for post in reversed(posts[3:])]
    assert listed(admin_client) == newest
    assert listed(admin_client, "?kind=status_change&action__exact=created") == newest
    assert listed(admin_client, "?kind=comment") == []


def test_a_position_is_found_however_old_it_is(
    admin_client: Client, posts: list[StatusChange], small_window: None
) -> None:
    oldest = Change.objects.get(event_id=posts[0].pk)
    assert oldest.position not in {post.pk for post in posts[3:]}
    assert listed(admin_client, f"?q={oldest.position}") == [posts[0].pk]
    assert admin_client.get(f"{PAGE}{oldest.pk}/change/").status_code == 200


def test_an_event_is_found_among_the_newest(admin_client: Client, posts: list[StatusChange]) -> None:
    Change.objects.filter(event_id=posts[3].pk).update(event_id=900_000)
    assert listed(admin_client, "?q=900000") == [900_000]
    assert listed(admin_client, "?q= 900000 ") == [900_000]
    assert listed(admin_client, "?q=nonsense") == []
    assert listed(admin_client, f"?q={10**30}") == []


def test_no_query_reads_the_whole_log(admin_client: Client, posts: list[StatusChange]) -> None:
    with CaptureQueriesContext(connection) as queries:
        admin_client.get(PAGE)
    of_log = [query["sql"] for query in queries if 'FROM "feed_change"' in query["sql"]]
    assert len(of_log) >= 2
    assert all('"feed_change"."id" > ' in sql or 'MAX("feed_change"."id")' in sql for sql in of_log)


@pytest.mark.parametrize("page", ["add/", "{pk}/delete/"])
def test_the_log_is_not_written_here(admin_client: Client, posts: list[StatusChange], page: str) -> None:
    change = Change.objects.latest("id")
    assert admin_client.get(PAGE + page.format(pk=change.pk)).status_code == 403
    assert admin_client.post(PAGE + page.format(pk=change.pk), {"post": "yes"}).status_code == 403
    admin_client.post(f"{PAGE}{change.pk}/change/", {"action": "deleted"})
    admin_client.post(PAGE, {"action": "delete_selected", "_selected_action": [change.pk], "post": "yes"})
    assert Change.objects.get(pk=change.pk).action == "created"
