"""Faults of sessions: the ways in which a watcher's login ends."""

import random
import time
from collections.abc import Sequence
from typing import get_args

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.fleet import Fleet
from tests.faults.harness.pages import post_by_page
from tests.faults.harness.received import FormatName
from tests.faults.harness.registry import fault
from tests.faults.harness.watcher import RecordingWatcher
from tests.support.processes import wait_until
from tests.support.servers import Kind
from tests.support.sessions import ENDS, ENDS_OF_USERS, log_in

END_WITHIN = 5.0
SESSION_ENDED = 4401


@fault("a logout in another tab; a session deleted or expired; a user deactivated, deleted, or with a new password")
def sessions_ended(cluster: Cluster, size: Size) -> None:
    """The user's connections end within 5 s, at every server. All other connections stay open."""
    ada = cluster.poster("ada", rate=20)
    kinds: list[Kind] = ["daphne", "uvicorn"] * (1 if size == "short" else 2)
    for kind in kinds:
        cluster.server(kind)
    cluster.watch_posts_of(ada)
    ada.run()
    for turn in range(1 if size == "short" else 5):
        with Fleet() as leaving:
            end_all(cluster, leaving, {name: f"{name}{turn}" for name in ENDS}, size)
    cluster.settle()
    assert_never_disconnected(cluster.fleet.watchers)


def end_all(cluster: Cluster, leaving: Fleet, people: dict[str, str], size: Size) -> None:
    """End each person's session in the way that is the person's key, and check which watchers are disconnected."""
    ended = {name: log_in(cluster.servers[0], user) for name, user in people.items()}
    others = {name: log_in(cluster.servers[0], user) for name, user in people.items()}
    going = {name: follow(cluster, leaving, session) for name, session in ended.items()}
    for name, session in others.items():
        if name in ENDS_OF_USERS:
            going[name] += follow(cluster, leaving, session)
        else:
            follow(cluster, cluster.fleet, session)
    follow(cluster, cluster.fleet, log_in(cluster.servers[0], "bob"))
    leaving.wait_live([watcher for watchers in going.values() for watcher in watchers])
    cluster.fleet.wait_live()
    began = {}
    for name, session in ended.items():
        began[name] = time.monotonic()
        end(cluster, name, people[name], session)
    for name, watchers in going.items():
        assert_ended(watchers, began[name], name, size)


def follow(cluster: Cluster, fleet: Fleet, session: str) -> list[RecordingWatcher]:
    """Add watchers with this session, in each format and at each server."""
    return fleet.add(
        RecordingWatcher([address], format=form, session=session)
        for address in cluster.addresses
        for form in get_args(FormatName)
    )


def end(cluster: Cluster, name: str, user: str, session: str) -> None:
    if name == "logged_out":  # another tab may be at any of the servers
        assert post_by_page(random.choice(cluster.servers), session, path="/accounts/logout/") == 302  # noqa: S311
    else:
        cluster.servers[0].shell(ENDS[name].format(session=session, name=user))


def assert_ended(watchers: Sequence[RecordingWatcher], began: float, name: str, size: Size) -> None:
    wait_until(lambda: all(watcher.endings for watcher in watchers), f"the watchers of {name} to be disconnected")
    codes = {watcher.endings[0].code for watcher in watchers}
    assert codes == {SESSION_ENDED}, f"Watchers whose session has ended ({name}) were closed with {codes}."
    longest = max(watcher.endings[0].at for watcher in watchers) - began
    assert_within(END_WITHIN, size, longest, f"Disconnecting watchers whose session has ended ({name})")
