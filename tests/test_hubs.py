"""The page of hubs in the admin, over two server processes of both kinds, with handlers."""

import re
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest

from tests.support.processes import wait_until
from tests.support.servers import Server
from tests.support.sessions import log_in
from tests.support.watching import TIMEOUT, post_from_another_process, watching

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.support.handling_settings"}
PAGE = "/admin/feed/hubreport/"
MAKE_STAFF = "User.objects.filter(username='carol').update(is_staff=True, is_superuser=True)"
TEXTS = [f"text {number}" for number in range(10)]
"""One of ten changes makes the handler `fail` fail."""


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    with Server("daphne", **SETTINGS) as one, Server("uvicorn", database_url=one.database_url, **SETTINGS) as other:
        yield [one, other]


def page(server: Server, session: str) -> str:
    """The words of the page."""
    answer = urlopen(Request(server.url(PAGE), headers={"Cookie": f"sessionid={session}"}), timeout=TIMEOUT)
    with answer:
        return " ".join(re.sub(r"<[^>]+>", " ", answer.read().decode()).split())


def test_each_process_shows_the_hubs_of_all_and_the_handlers(servers: list[Server]) -> None:
    one, other = servers
    session = log_in(one, "carol")
    one.shell(MAKE_STAFF)
    one.manage("run_handlers", "--once")
    with watching(one), watching(other), watching(other):
        wait_until(lambda: "3 watchers in 2 processes." in page(one, session), "both hubs")
        post_from_another_process(one, *TEXTS)
        wait_until(lambda: "note following 11 " in page(other, session), "the handlers to be behind")
        one.manage("run_handlers", "--once")
        assert "fail following 0 0.0 1 note following 0 0.0 0" in page(other, session)
        other.stop()
        assert "1 watcher in 1 process." in page(one, session)
    for server in servers:
        server.assert_quiet()
