"""Rill behind a real nginx with the documented configuration."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.conftest import missing
from tests.faults.harness.cluster import Cluster
from tests.faults.harness.pages import CSRF, Visitors
from tests.support.nginx import Nginx, nginx
from tests.support.servers import HOST, Kind, Server
from tests.support.watching import BOTH, post_from_another_process

POSTERS, READERS, INTERVAL = 3, 2, 0.05
"""Threads that post and that load pages during a restart, and the seconds that a thread waits after each."""


@contextmanager
def nginx_for(*servers: Server) -> Iterator[Nginx]:
    with ExitStack() as stack:
        try:
            proxy = stack.enter_context(nginx([server.port for server in servers]))
        except FileNotFoundError as error:
            missing(str(error))
        yield proxy


class Readers:
    """Threads that load the feed again and again. failures: the error responses."""

    def __init__(self, url: str, many: int) -> None:
        self.failures: list[str] = []
        self._url = url
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._read_again_and_again, daemon=True) for _ in range(many)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _read_again_and_again(self) -> None:
        while not self._stopped.is_set():
            try:
                urlopen(self._url, timeout=60).close()
            except HTTPError as error:
                self.failures.append(f"The response was {error.code}.")
            self._stopped.wait(INTERVAL)  # without it, they take the time that the servers need to start


@BOTH
def test_restarting_both_servers_in_turn_causes_no_error_and_loses_no_event(
    kind: Kind, postgresql_database: str, redis_url: str
) -> None:
    with Cluster(kind, postgresql_database, redis_url) as cluster:
        ada = cluster.poster("ada", rate=20)
        servers = [cluster.server(FEED_POST_LIMIT="10000/minute") for _ in range(2)]
        session = ada.wait_ready().ready["session"]
        with nginx_for(*servers) as proxy:
            cluster.fleet.add_for_streams([proxy.url], ["public", "kind:comment", *ada.streams])
            cluster.fleet.wait_live()
            with Visitors(proxy, session, POSTERS, INTERVAL) as visitors, Readers(proxy.url, READERS) as readers:
                ada.run()
                for server in servers:
                    visitors.wait_posted(10)
                    server.stop()
                    visitors.wait_posted(10)
                    cluster.wait_committed(5)
                    server.start()
                ada.pause()
            cluster.settle()
        assert not readers.failures
        assert not visitors.failures
        assert visitors.posted == len(set(visitors.texts)) == count_posts(cluster, visitors.texts)
        assert all(watcher.endings for watcher in cluster.fleet.watchers), "A watcher was never disconnected."
        assert not [refusal for watcher in cluster.fleet.watchers for refusal in watcher.refusals]
        verdict = cluster.verdict()
        assert verdict.delivered
        assert (verdict.lost, verdict.doubled, verdict.out_of_order) == (0, 0, 0)


def count_posts(cluster: Cluster, texts: list[str]) -> int:
    """How many events have one of these texts."""
    return int(cluster.servers[0].shell(f"print(StatusChange.objects.filter(text__in={texts!r}).count())"))


@BOTH
def test_an_origin_check_behind_nginx_includes_the_port(kind: Kind) -> None:
    with Server(kind) as server, nginx_for(server, server) as proxy:
        assert proxy.port not in {80, 443}
        with connect(f"ws://{HOST}:{proxy.port}/ws/feed/", origin=Origin(proxy.url)) as page:
            assert '"changes"' in str(page.recv(timeout=60))
        with urlopen(Request(f"{proxy.url}/sse/feed/?after=0", headers={"Origin": proxy.url}), timeout=60) as events:
            post_from_another_process(server, "at once")
            assert any("at once" in line.decode() for line in events)
        assert log_in(proxy, origin=proxy.url) == 422  # the password is wrong
        for other in (f"http://{HOST}", "http://evil.example"):
            with pytest.raises(InvalidStatus) as refused:
                connect(f"ws://{HOST}:{proxy.port}/ws/feed/", origin=Origin(other))
            assert refused.value.response.status_code == 403
            assert log_in(proxy, origin=other) == 403
            with pytest.raises(HTTPError) as turned_away:
                urlopen(Request(f"{proxy.url}/sse/feed/", headers={"Origin": other}))
            assert turned_away.value.code == 403


def log_in(proxy: Nginx, origin: str) -> int:
    connection = HTTPConnection(HOST, proxy.port, timeout=60)
    form = urlencode({"username": "alice", "password": "wrong", "csrfmiddlewaretoken": CSRF})
    headers = {"Origin": origin, "Cookie": f"csrftoken={CSRF}", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/accounts/login/", form, headers)
        return connection.getresponse().status
    finally:
        connection.close()
