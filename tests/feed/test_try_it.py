"""The button on the empty feed that lets simulated people post."""

from collections.abc import Iterator
from threading import Event as Flag

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from feed import simulation
from feed.models import Comment, Event, StatusChange
from tests.conftest import logged_in
from tests.support.processes import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The numbers of changes of the simulations that were started. Each goes on until the test ends."""
    counts, ended = list[int](), Flag()

    def run(count: int, rate: float, people: int) -> None:
        counts.append(count)
        ended.wait(30)
        simulation._one_at_a_time.release()

    monkeypatch.setattr(simulation, "_run", run)
    yield counts
    ended.set()
    wait_until(lambda: not simulation._one_at_a_time.locked(), "the simulation to end")


def test_staff_are_offered_it_while_there_is_nothing(client: Client, started: list[int]) -> None:
    sam = logged_in(User.objects.create_user("sam", is_staff=True))
    Event.objects.all().delete()
    assert 'action="/simulate/"' in sam.get("/").content.decode()
    assert 'action="/simulate/"' not in sam.get("/people/sam/").content.decode()
    assert sam.post("/simulate/").headers["Location"] == "/"
    assert started == [40]
    assert sam.post("/simulate/").status_code == 302
    assert started == [40], "One at a time."


def test_others_are_neither_offered_nor_allowed_it(client: Client, as_bob: Client, started: list[int]) -> None:
    Event.objects.all().delete()
    for outsider in (client, as_bob):
        assert 'action="/simulate/"' not in outsider.get("/").content.decode()
        assert outsider.post("/simulate/").status_code == 403
    assert started == []


def test_the_page_of_another_user_starts_nothing(alice: User, started: list[int]) -> None:
    sam = logged_in(User.objects.create_user("sam", is_staff=True))
    sam.post("/simulate/", {"as": str(alice.pk)})
    assert started == []


def test_nothing_is_posted_in_the_name_of_somebody_who_logs_in_without_a_password() -> None:
    ada = User.objects.create_user("ada")
    assert not ada.has_usable_password()
    assert simulation.person(0) == ada
    logged_in(ada)
    with pytest.raises(simulation.RealAccount):
        simulation.person(0)


def test_simulated_people_say_nothing_about_what_they_may_not_see(alice: User, bob: User) -> None:
    Event.objects.all().delete()
    StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    assert not simulation._comment(bob)
    assert not Comment.objects.exists()


def test_with_debug_everybody_may(client: Client, started: list[int], settings: Settings) -> None:
    settings.DEBUG = True
    assert 'action="/simulate/"' in client.get("/").content.decode()
    assert client.post("/simulate/").status_code == 302
    assert started == [40]


@pytest.mark.django_db(transaction=True)
def test_a_simulation_ends_after_its_changes_and_posts_in_nobodys_name() -> None:
    User.objects.create_user("ada", password="correct horse battery")
    Event.objects.all().delete()
    assert simulation.start(count=8, seconds=0.01, people=3)
    wait_until(lambda: not simulation._one_at_a_time.locked(), "the simulation to end")
    assert Event.rows.filter(user__username__in=["bela", "chidi"]).exists()
    assert not Event.rows.filter(user__username="ada").exists()
