"""What happens to the sessions of watchers who are logged in."""

import random
import time
from collections.abc import Sequence
from typing import get_args

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.fleet import Fleet
from tests.faults.harness.pages import post
from tests.faults.harness.received import FormatName
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.faults.harness.watcher import Watcher
from tests.support.processes import wait_until
from tests.support.servers import Kind
from tests.support.sessions import ENDS, ENDS_OF_USERS, log_in

END_WITHIN = 5.0
SESSION_ENDED = 4401


@fault("a logout in another tab; a session deleted or expired; a user deactivated, deleted, or with a new password")
def sessions_ended(stage: Stage, size: Size) -> None:
    """Their connections end within 5 s, at every server process; those of everybody else stay."""
    ada = stage.poster("ada", rate=20)
    kinds: list[Kind] = ["daphne", "uvicorn"] * (1 if size == "short" else 2)
    for kind in kinds:
        stage.server(kind)
    stage.crew_of(ada)
    ada.run()
    for turn in range(1 if size == "short" else 5):
        with Fleet() as leaving:
            end_all(stage, leaving, {name: f"{name}{turn}" for name in ENDS}, size)
    stage.settle()
    assert_stayed(stage.fleet.watchers)


def end_all(stage: Stage, leaving: Fleet, people: dict[str, str], size: Size) -> None:
    """End the session of each of these people in the way that they stand for, and see who is told so."""
    ended = {name: log_in(stage.servers[0], user) for name, user in people.items()}
    others = {name: log_in(stage.servers[0], user) for name, user in people.items()}
    going = {name: follow(stage, leaving, session) for name, session in ended.items()}
    for name, session in others.items():
        if name in ENDS_OF_USERS:
            going[name] += follow(stage, leaving, session)
        else:
            follow(stage, stage.fleet, session)
    follow(stage, stage.fleet, log_in(stage.servers[0], "bob"))
    leaving.wait_live([watcher for watchers in going.values() for watcher in watchers])
    stage.fleet.wait_live()
    began = {}
    for name, session in ended.items():
        began[name] = time.monotonic()
        end(stage, name, people[name], session)
    for name, watchers in going.items():
        assert_ended(watchers, began[name], name, size)


def follow(stage: Stage, fleet: Fleet, session: str) -> list[Watcher]:
    """Watchers with this session, in each format and at each server."""
    return fleet.watch(
        Watcher([address], format=form, session=session) for address in stage.addresses for form in get_args(FormatName)
    )


def end(stage: Stage, name: str, user: str, session: str) -> None:
    if name == "logged_out":  # as in another tab, which may have come to any of the servers
        assert post(random.choice(stage.servers), session, path="/accounts/logout/") == 302  # noqa: S311
    else:
        stage.servers[0].shell(ENDS[name].format(session=session, name=user))


def assert_ended(watchers: Sequence[Watcher], began: float, name: str, size: Size) -> None:
    wait_until(lambda: all(watcher.endings for watcher in watchers), f"all of {name} to be sent away")
    codes = {watcher.endings[0].code for watcher in watchers}
    assert codes == {SESSION_ENDED}, f"Whose session has ended ({name}) was sent away with {codes}."
    longest = max(watcher.endings[0].at for watcher in watchers) - began
    assert_within(END_WITHIN, size, longest, f"To send away whose session has ended ({name})")
