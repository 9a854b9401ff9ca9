"""Rill behind real proxies with the configurations of deploy/."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import get_args
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.conftest import missing
from tests.faults.harness.cluster import Cluster
from tests.faults.harness.pages import CSRF
from tests.faults.harness.traffic import POST_LIMIT, Traffic
from tests.support.processes import TIMEOUT
from tests.support.proxies import PROXIES, Proxy, ProxyName
from tests.support.servers import HOST, Kind, Server
from tests.support.upstream import FIRST_FRAME, Upstream
from tests.support.watching import BOTH, post_from_another_process

LARGEST_PICTURE = 5 * 1024 * 1024

Proxied = tuple[Proxy, Upstream]


@contextmanager
def proxy_for(name: ProxyName, *ports: int) -> Iterator[Proxy]:
    with ExitStack() as stack:
        try:
            proxy = stack.enter_context(PROXIES[name](ports))
        except FileNotFoundError as error:
            missing(str(error))
        yield proxy


@pytest.fixture(scope="module", params=get_args(ProxyName))
def running(request: pytest.FixtureRequest) -> Iterator[Proxied]:
    with Upstream() as upstream, proxy_for(request.param, upstream.port) as proxy:
        yield proxy, upstream


@pytest.fixture
def proxied(running: Proxied) -> Proxied:
    """A proxy, and the server behind it, which has received nothing yet."""
    running[1].received.clear()
    return running


def send(proxy: Proxy, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
    connection = HTTPConnection(HOST, proxy.port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


def test_a_process_learns_the_port_and_the_address_of_the_client_whatever_that_claims(proxied: Proxied) -> None:
    proxy, upstream = proxied
    assert send(proxy, "GET", "/people/", X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="https").status == 200
    (received,) = upstream.received
    assert received.headers["Host"] == f"{HOST}:{proxy.port}"
    assert received.headers.get_all("X-Forwarded-For") == [HOST]
    assert received.headers.get_all("X-Forwarded-Proto") == ["http"]


def test_a_stream_of_events_is_passed_on_at_once(proxied: Proxied) -> None:
    proxy, _ = proxied
    with urlopen(f"{proxy.url}/sse/feed/", timeout=TIMEOUT) as stream:
        assert stream.read1() == FIRST_FRAME  # and the stream goes on


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/%6Detrics", "/metrics?a=b"])
def test_metrics_are_not_public(proxied: Proxied, path: str) -> None:
    proxy, upstream = proxied
    assert send(proxy, "GET", path).status == 403
    assert not upstream.received


def test_the_largest_picture_gets_through(proxied: Proxied) -> None:
    proxy, upstream = proxied
    assert send(proxy, "POST", "/profile/", b"x" * LARGEST_PICTURE).status == 200
    assert upstream.received


def hit(proxy: Proxy, method: str, path: str, dropping: Upstream) -> tuple[int, list[int]]:
    """Send requests until `dropping` has received one. Returns how many, and the statuses other than 200."""
    statuses: list[int] = []
    while not dropping.received:
        statuses.append(send(proxy, method, path, b"text=Hello" if method == "POST" else None).status)
        assert len(statuses) < 100, "All requests were sent to the other process."
    return len(statuses), [status for status in statuses if status != 200]


@pytest.mark.parametrize("name", get_args(ProxyName))
@pytest.mark.parametrize("path", ["/", "/api/events/"])
def test_a_page_that_a_killed_process_has_dropped_is_read_from_another(name: ProxyName, path: str) -> None:
    with Upstream(drops=True) as killed, Upstream() as other, proxy_for(name, killed.port, other.port) as proxy:
        killed.received.clear()
        assert hit(proxy, "GET", path, killed)[1] == []


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
def test_a_form_that_a_killed_process_has_dropped_is_sent_to_another(name: ProxyName) -> None:
    with Upstream(drops=True) as killed, Upstream() as other, proxy_for(name, killed.port, other.port) as proxy:
        assert hit(proxy, "POST", "/events/", killed)[1] == []


@pytest.mark.parametrize(
    ("name", "path"),
    [("nginx", "/api/events/"), ("haproxy", "/api/events/"), ("caddy", "/api/events/"), ("caddy", "/events/")],
)
def test_a_post_that_may_have_no_key_is_sent_once(name: ProxyName, path: str) -> None:
    with Upstream(drops=True) as killed, Upstream() as other, proxy_for(name, killed.port, other.port) as proxy:
        sent, failures = hit(proxy, "POST", path, killed)
        posts = [received for received in (*killed.received, *other.received) if received.method == "POST"]
        assert len(posts) == sent
        assert failures == [502]


def test_nginx_asks_another_process_if_a_machine_does_not_answer() -> None:
    with socket.socket() as gone, socket.socket() as first, Upstream() as other:
        gone.bind((HOST, 0))
        gone.listen(0)
        first.connect(gone.getsockname())  # and the kernel answers nobody else
        with proxy_for("nginx", gone.getsockname()[1], other.port) as proxy:
            assert [send(proxy, "GET", "/").status for _ in range(2)] == [200, 200]


def test_nginx_serves_collected_files_itself_and_browsers_keep_them() -> None:
    with Upstream() as upstream, proxy_for("nginx", upstream.port) as proxy:
        folder = proxy.folder / "static" / "feed"
        folder.mkdir(parents=True)
        (folder / "rill.0123456789ab.js").write_text("let it;")
        (folder / "rill.0123456789ab.js.gz").write_bytes(gzip.compress(b"let it;"))
        response = send(proxy, "GET", "/static/feed/rill.0123456789ab.js", Accept_Encoding="gzip")
        assert response.headers["Cache-Control"] == f"max-age={365 * 24 * 3600}, public, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert (response.headers["Content-Type"], response.headers["Content-Encoding"]) == ("text/javascript", "gzip")
        assert not upstream.received
        for other in ("/static/feed/rill.ba9876543210.js", "/static/manifest-0123.json"):
            send(proxy, "GET", other)
        assert len(upstream.received) == 2


# Caddy sends no form again that it has sent, so a post may fail while a process stops. The page sends it again itself.
@pytest.mark.parametrize(
    ("name", "kind", "posters"),
    [("nginx", "daphne", 2), ("haproxy", "uvicorn", 2), ("caddy", "uvicorn", 0)],
)
def test_restarting_both_servers_in_turn_causes_no_error_and_loses_no_event(
    name: ProxyName, kind: Kind, posters: int, postgresql_database: str, redis_url: str
) -> None:
    with Cluster(kind, postgresql_database, redis_url) as cluster:
        servers = [cluster.server(FEED_POST_LIMIT=POST_LIMIT) for _ in range(2)]
        with (
            proxy_for(name, *(server.port for server in servers)) as proxy,
            Traffic(cluster, proxy, posters) as traffic,
        ):
            for server in servers:
                traffic.wait()
                server.stop()
                traffic.wait()
                server.start()
        traffic.assert_that_nobody_noticed()
        assert all(watcher.endings for watcher in cluster.fleet.watchers), "A watcher was never disconnected."
        assert not [refusal for watcher in cluster.fleet.watchers for refusal in watcher.refusals]


@BOTH
def test_an_origin_check_behind_nginx_includes_the_port(kind: Kind) -> None:
    with Server(kind) as server, proxy_for("nginx", server.port) as proxy:
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
            turned_away.value.close()


def log_in(proxy: Proxy, origin: str) -> int:
    connection = HTTPConnection(HOST, proxy.port, timeout=60)
    form = urlencode({"username": "alice", "password": "wrong", "csrfmiddlewaretoken": CSRF})
    headers = {"Origin": origin, "Cookie": f"csrftoken={CSRF}", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/accounts/login/", form, headers)
        return connection.getresponse().status
    finally:
        connection.close()
