"""Management commands. tests/test_tail_command.py runs `tail` against real servers."""

import random
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands
from django.utils import timezone

from feed import log
from feed.client.terminal import printable
from feed.log import Change
from feed.models import Event, StatusChange

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_simulated_people_post_comment_edit_and_delete() -> None:
    random.seed(1)
    assert "60 changes by 3 people" in run("simulate", "--rate", "100000", "--people", "3", "--count", "60")
    assert User.objects.count() == 3
    assert set(Change.objects.values_list("action", flat=True)) == {"created", "updated", "deleted"}
    assert {"status_change", "comment", "welcome"} == set(Event.objects.values_list("kind", flat=True))


def test_simulate_reuses_its_people() -> None:
    for _ in range(2):
        run("simulate", "--rate", "100000", "--people", "25", "--count", "1")
    assert User.objects.count() == 25


@pytest.mark.parametrize("arguments", [("--rate", "0"), ("--people", "0"), ("--rate", "-1")])
def test_simulate_refuses_rates_and_counts_below_their_minimum(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        run("simulate", *arguments)


def test_prune_log_deletes_changes_older_than_the_retention(alice: User) -> None:
    for text in "abc":
        StatusChange.objects.create(user=alice, text=text)
    log.number()
    Change.objects.filter(position__lte=2).update(at=timezone.now() - timedelta(days=31))
    assert "2 changes deleted. The log holds the positions 3 to 4." in run("prune_log")
    assert StatusChange.objects.count() == 3
    assert "2 changes deleted" in run("prune_log", "--days", "0")


def test_prune_log_prints_its_progress(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    for text in "abcd":
        StatusChange.objects.create(user=alice, text=text)
    log.number()
    output = run("prune_log", "--days", "0").splitlines()
    assert output[:-1] == ["2 of 5 changes deleted ...", "4 of 5 changes deleted ..."]
    assert "5 changes deleted" in output[-1]


def test_prune_log_refuses_negative_days() -> None:
    with pytest.raises(CommandError):
        run("prune_log", "--days=-1")


def test_rename_log_changes_the_epoch_and_prints_it() -> None:
    before = log.state().epoch
    output = run("rename_log")
    assert log.state().epoch != before
    assert log.state().epoch in output


def test_simulate_refuses_to_post_as_a_real_account() -> None:
    User.objects.create_user("ada", password="correct horse battery")
    with pytest.raises(CommandError, match="ada is a real account"):
        run("simulate", "--count", "1")


def test_runserver_is_daphnes() -> None:
    assert get_commands()["runserver"] == "daphne"


def test_control_characters_of_a_text_do_not_reach_the_terminal() -> None:
    assert printable("a\nb\x1b[2Jc\x9b\u202ed žluť \N{WATER WAVE}") == "a b [2Jc  d žluť \N{WATER WAVE}"


def test_tail_refuses_a_negative_cursor() -> None:
    with pytest.raises(CommandError, match="negative"):
        run("tail", "--after", "-1")


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:8000", "ws://"])
def test_tail_refuses_a_url_that_is_neither_a_site_nor_a_websocket(url: str) -> None:
    with pytest.raises(CommandError, match="The URL of a feed is like"):
        run("tail", "--url", url)
