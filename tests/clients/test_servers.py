"""Both clients at once, on real servers that are killed, stopped and frozen."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.clients.conftest import running
from tests.clients.programs import CLIENTS, ClientProgram, Followed
from tests.support.servers import Kind, Server
from tests.support.tokens import issue_on
from tests.support.watching import BOTH, post_from_another_process

IMPATIENT = {"heartbeat": 0.2, "timeout": 3}


@pytest.fixture(scope="module")
def clients() -> Iterator[list[ClientProgram]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running(language)) for language in CLIENTS]


def post(server: Server, text: str, feeds: list[Followed], *before: str) -> tuple[str, ...]:
    """Post it, and wait until all see it beside the earlier texts. Returns all texts."""
    post_from_another_process(server, text)
    for feed in feeds:
        feed.see(*before, text)
    return (*before, text)


@BOTH
def test_nothing_is_lost_or_doubled_while_the_server_comes_and_goes(kind: Kind, clients: list[ClientProgram]) -> None:
    with Server(kind) as server:
        feeds = [each.follow(server.url(), after={"position": 0, "log": ""}, timing=IMPATIENT) for each in clients]
        texts = post(server, "one", feeds)
        for end in (server.kill, server.stop):
            end()
            post_from_another_process(server, texts[-1] + "!")
            texts = (*texts, texts[-1] + "!")
            server.start()
            texts = post(server, texts[-1] + "?", feeds, *texts)
        server.freeze()
        for feed in feeds:
            feed.lost.clear()
            feed.next_lost()
        server.thaw()
        post(server, "thawed", feeds, *texts)
        for feed in feeds:
            assert feed.seen == sorted(set(feed.seen))


def test_a_database_from_a_backup_brings_a_snapshot(server: Server, clients: list[ClientProgram]) -> None:
    feeds = [each.follow(server.url(), snapshot=True) for each in clients]
    texts = post(server, "one", feeds)
    server.kill()
    server.manage("rename_log")
    server.start()
    for feed in feeds:
        while (update := feed.next())["type"] != "snapshot":
            pass
        assert update["reason"] == "other_log"
    post(server, "two", feeds, *texts)


def test_a_token_shows_what_its_user_sees_until_it_is_revoked(server: Server, clients: list[ClientProgram]) -> None:
    token = issue_on(server, "alice")
    feeds = [each.follow(server.url(), streams=["only:alice"], snapshot=True, token=token) for each in clients]
    for feed in feeds:
        assert feed.next()["type"] == "snapshot"
    server.shell("""
StatusChange.objects.create(user=User.objects.get(username="alice"), text="private", audience="only:alice")
""")
    for feed in feeds:
        feed.see("private")
    server.shell("Token.objects.all().delete()")
    for feed in feeds:
        told = feed.failure()
        assert (told["name"], told["code"]) == ("Unauthorized", "bad_token")


def test_a_stream_that_does_not_exist_is_refused(server: Server, clients: list[ClientProgram]) -> None:
    for client in clients:
        told = client.follow(server.url(), streams=["user:nobody"]).failure()
        assert (told["name"], told["code"]) == ("NotFound", "unknown_stream")
        assert re.search("There is no stream 'user:nobody'", told["message"])
