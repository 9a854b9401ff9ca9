"""How far handlers are behind: the function, /readyz, and the admin."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from feed import log
from feed.handler_tables import HandlerCursor, SetAside
from feed.handlers import HandledChange, catch_up, lags, registry
from feed.log import Change
from feed.metrics.database import database_metrics
from feed.webhooks import source
from tests.conftest import logged_in
from tests.feed.handlers.conftest import Make
from tests.feed.log.posts import post_texts
from tests.support.markup import elements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def fail(change: HandledChange) -> None:
    raise ZeroDivisionError("as always")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("run_handlers", *arguments, stdout=out)
    return out.getvalue()


def fall_behind(alice: User, seconds: float) -> None:
    """Make two changes, the first of which was so many seconds ago."""
    post_texts(alice, *"ab")
    head = log.number().head
    Change.objects.filter(position=head - 1).update(at=timezone.now() - timedelta(seconds=seconds))


def test_the_lag_is_the_number_of_changes_and_the_age_of_the_oldest(make: Make, alice: User) -> None:
    catch_up(make(print, "kind:deploy"))
    (lag,) = lags()
    assert (lag.name, lag.state, lag.behind, lag.seconds, lag.set_aside) == ("test", "following", 0, 0.0, 0)
    fall_behind(alice, 100)
    (lag,) = lags()
    assert lag.behind == 2
    assert lag.seconds == pytest.approx(100, abs=50)


def test_a_handler_that_has_stopped_has_no_age(make: Make, alice: User) -> None:
    handler = make(print, "public")
    catch_up(handler)
    post_texts(alice, "lost")
    log.rename()
    catch_up(handler)
    (lag,) = lags()
    assert (lag.state, lag.seconds) == ("other_log", None)


def test_readyz_reports_the_lag_and_fails_only_if_a_setting_says_so(
    make: Make, alice: User, settings: Settings, client: Client
) -> None:
    catch_up(make(print, "kind:deploy"))
    fall_behind(alice, 100)
    answer = client.get("/readyz")
    (lag,) = answer.json()["handlers"]["lags"]
    assert (answer.status_code, lag["name"], lag["behind"]) == (200, "test", 2)
    settings.FEED_HANDLER_LAG = 1000
    assert client.get("/readyz").status_code == 200
    settings.FEED_HANDLER_LAG = 10
    assert client.get("/readyz").status_code == 503


def test_staff_see_what_was_set_aside_and_try_it_again_or_drop_it(
    make: Make, alice: User, admin_client: Client
) -> None:
    handler = make(fail, "kind:status_change", from_start=True)
    post_texts(alice, *"ab")
    catch_up(handler)
    assert b"ZeroDivisionError: as always" in admin_client.get("/admin/feed/setaside/").content
    assert b"test" in admin_client.get("/admin/feed/handlercursor/").content
    first, second = SetAside.objects.order_by("position")
    page = admin_client.get(f"/admin/feed/setaside/{first.pk}/change/")
    assert b"Traceback" in page.content
    chosen = {"_selected_action": [str(first.pk)]}
    admin_client.post("/admin/feed/setaside/", {"action": "retry", **chosen})
    catch_up(handler)
    first.refresh_from_db()
    assert (first.tries, SetAside.objects.get(pk=second.pk).tries) == (2, 1)
    admin_client.post("/admin/feed/setaside/", {"action": "delete_selected", "post": "yes", **chosen})
    assert list(SetAside.objects.all()) == [second]


@pytest.mark.parametrize("may_see", [True, False])
def test_the_page_of_hubs_shows_the_lag_to_staff_who_may_see_handlers(make: Make, alice: User, may_see: bool) -> None:
    catch_up(make(print, "kind:deploy"))
    fall_behind(alice, 100)
    alice.is_staff = True
    alice.save()
    names = ["view_hubreport", *(["view_handlercursor"] if may_see else [])]
    alice.user_permissions.set(Permission.objects.filter(codename__in=names))
    found = elements(logged_in(alice).get("/admin/feed/hubreport/").content.decode())
    cells = [each.text for each in found if each.tag in {"a", "td"}]
    assert (cells[cells.index("test") :][:3] == ["test", "following", "2"]) if may_see else "test" not in cells


def test_staff_let_a_handler_go_on_that_has_stopped(
    make: Make, alice: User, admin_client: Client, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "kind:status_change")
    catch_up(handler)
    log.rename()
    catch_up(handler)
    assert HandlerCursor.objects.get().state == "other_log"
    admin_client.post("/admin/feed/handlercursor/", {"action": "resume", "_selected_action": ["test"]})
    post_texts(alice, "Hello")
    catch_up(handler)
    assert [change.event.text for change in seen] == ["Hello"]


def test_the_command_runs_handlers_once(make: Make, alice: User, seen: list[HandledChange]) -> None:
    make(seen.append, "kind:status_change", from_start=True)
    post_texts(alice, *"ab")
    run("--once", "test")
    run("--once")
    assert [change.event.text for change in seen] == ["a", "b"]
    assert "test: following, 0 behind, 0 set aside" in run("--list")


def test_the_command_resumes_a_handler_that_has_stopped(make: Make, alice: User, seen: list[HandledChange]) -> None:
    make(seen.append, "kind:status_change")
    run("--once")
    post_texts(alice, "Hello")
    log.rename()
    run("--once")
    assert seen == []
    assert "test goes on after" in run("--once", "--resume", "test")
    assert [change.event.text for change in seen] == ["Hello"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nobody"], "no handler nobody"), (["--resume"], "Name the handlers"), (["--resume", "test"], "has never run")],
)
def test_the_command_says_what_is_wrong(make: Make, arguments: list[str], message: str) -> None:
    make(print, "public")
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_a_scrape_asks_one_question_for_each_handler(
    make: Make, alice: User, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    registry.SOURCES.append(source.handlers)
    catch_up(make(print, "public"))
    fall_behind(alice, 60)
    with django_assert_num_queries(6):  # the log; webhooks, log and cursors of handlers; the oldest change; the mirror
        list(database_metrics(None))
