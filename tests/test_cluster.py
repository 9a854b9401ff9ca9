"""Four server processes behind nginx, as docs/running.md says: killed, upgraded, and run by script/cluster."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests.conftest import missing
from tests.faults.harness.cluster import Cluster
from tests.faults.harness.traffic import POST_LIMIT, Traffic
from tests.faults.harness.watcher import RecordingWatcher
from tests.support.databases import ROOT, clean_environment, manage, new_database
from tests.support.processes import TIMEOUT, free_port, wait_until
from tests.support.proxies import Proxy, nginx
from tests.support.servers import HOST

PROCESSES = 4
NEXT_RELEASE = {"DJANGO_SETTINGS_MODULE": "tests.rollout.settings"}
POST_BULLETIN = "Bulletin.objects.create(user=User.objects.get(username='bob'), text={text!r})"
COUNT_INCOMPLETE = "print(Change.objects.filter(incomplete=True).count())"


@pytest.fixture(scope="module")
def cluster(postgresql_url: str, migrated_postgresql: str, redis_url: str) -> Iterator[Cluster]:
    with (
        new_database(postgresql_url, template=migrated_postgresql) as url,
        Cluster("uvicorn", url, redis_url) as cluster,
    ):
        for _ in range(PROCESSES):
            cluster.server(FEED_POST_LIMIT=POST_LIMIT)
        yield cluster


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    try:
        with nginx([server.port for server in cluster.servers]) as proxy:
            yield proxy
    except FileNotFoundError as error:
        missing(str(error))


def test_nobody_notices_that_a_process_is_killed(cluster: Cluster, proxy: Proxy) -> None:
    with Traffic(cluster, proxy) as traffic:
        traffic.wait()
        cluster.servers[0].kill()
        traffic.wait()
        cluster.servers[0].start()
        traffic.wait()
    traffic.assert_that_nobody_noticed()
    assert any(watcher.endings for watcher in cluster.fleet.watchers), "Nobody was watching the killed process."


def test_nobody_misses_a_kind_that_the_old_processes_do_not_know(cluster: Cluster, proxy: Proxy) -> None:
    manage(clean_environment(cluster.database.url) | NEXT_RELEASE, "migrate", "--verbosity", "0")
    with Traffic(cluster, proxy, author="bob") as traffic:
        for number, server in enumerate(cluster.servers):
            traffic.wait()
            server.restart(**NEXT_RELEASE)
            cluster.servers[0].shell(POST_BULLETIN.format(text=f"bulletin {number}"))
    assert any(map(has_seen_no_text, cluster.fleet.watchers)), "No old process has sent an event of the new kind."
    wait_until(lambda: cluster.servers[0].shell(COUNT_INCOMPLETE).strip() == "0", "all events to be sent in full")
    cluster.catch_up()
    traffic.assert_that_nobody_noticed()
    assert not [refusal for watcher in cluster.fleet.watchers for refusal in watcher.refusals]


def has_seen_no_text(watcher: RecordingWatcher) -> bool:
    """Whether an old process has sent it a bulletin."""
    rows = (shown.row for arrival in watcher.arrivals for shown in arrival.frame.shown)
    return any(row is not None and row.kind == "bulletin" and row.text is None for row in rows)


@pytest.fixture
def environment(postgresql_database: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """Of script/cluster, as tests.support.services makes it."""
    services = {"TEST_REDIS_URL": redis_url, "PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    return clean_environment(postgresql_database) | services


def test_the_script_runs_a_cluster_restarts_it_and_leaves_nothing_behind(
    environment: dict[str, str], tmp_path: Path
) -> None:
    if shutil.which("nginx") is None:
        missing("nginx is not installed")
    command = [sys.executable, "-m", "tests.cluster", "--state", str(tmp_path / "cluster.json")]
    url = f"http://{HOST}:{environment['PORT']}/"
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen([*command, "--processes", "2"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            printed = (tmp_path / "log").read_text
            wait_until(lambda: "Rill is at" in printed() or process.poll() is not None, "the cluster to run")
            assert process.poll() is None, printed()
            children = psutil.Process(process.pid).children(recursive=True)
            with urlopen(url, timeout=TIMEOUT) as page:
                assert page.status == 200
            servers = [child for child in children if "uvicorn" in child.cmdline()]
            (handlers,) = (child for child in children if "run_handlers" in child.cmdline())
            for killed in (servers[0], handlers):
                killed.kill()
            wait_until(lambda: printed().count("It runs again") == 2, "the killed processes to be started again")
            subprocess.run([*command, "restart"], cwd=ROOT, env=environment, check=True, timeout=2 * TIMEOUT)
            assert not [child for child in (*servers, handlers) if child.is_running()]
            children += psutil.Process(process.pid).children(recursive=True)
            with urlopen(url, timeout=TIMEOUT) as page:
                assert page.status == 200
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT) == 0, (tmp_path / "log").read_text()
    assert not [child for child in children if child.is_running()]
    late = subprocess.run([*command, "restart"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (late.returncode, late.stderr) == (1, "No cluster runs. Start it with script/cluster.\n")
