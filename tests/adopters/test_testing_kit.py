"""The test kit in a project of its own, with the test runners that projects use."""

import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.adopters.projects import BASE, run, run_code, write_project
from tests.adopters.test_embedding import step
from tests.support.databases import ROOT

DOCUMENT = (ROOT / "docs" / "testing.md").read_text()
APPS = (*BASE, "django.contrib.sessions", "feed")
APPLICATION = """
    from django.core.asgi import get_asgi_application
    http = get_asgi_application()
    from feed.asgi import with_feed
    application = with_feed(http)
    """
SOCKET_TEST = """
    import asyncio, json
    from channels.testing import WebsocketCommunicator
    from django.test import TransactionTestCase
    from asgi import application
    from feed import publish
    from feed.testing import FeedTestMixin

    async def first_event():
        client = WebsocketCommunicator(application, "/ws/feed/?after=0")
        assert (await client.connect())[0]
        return json.loads(await client.receive_from(10))["changes"][0]["event"]

    class SocketTests(BASES):
        def test_the_socket(self):
            publish("shop_opened")
            loop = asyncio.new_event_loop()
            assert loop.run_until_complete(first_event())["verb"] == "shop_opened"
            loop.close()
    """
PYTEST_TEST = """
    import json, pytest
    from channels.testing import WebsocketCommunicator
    from asgi import application
    from feed import publish

    @pytest.fixture
    def opened(transactional_db):
        return publish("shop_opened")

    async def test_the_socket(opened):
        client = WebsocketCommunicator(application, "/ws/feed/?after=0")
        assert (await client.connect())[0]
        assert json.loads(await client.receive_from(10))["changes"][0]["event"]["id"] == opened.pk

    def test_the_log_is_new(transactional_db, feed_watcher, assert_sees):
        watcher = feed_watcher()
        event = publish("shop_closed", audience="public")
        assert [change["event"]["id"] for change in watcher.changes()] == [event.pk]
        assert_sees(None, event)
    """


def on_postgresql(url: str) -> dict[str, dict[str, object]]:
    server = urlsplit(url)
    address = {"HOST": server.hostname, "PORT": server.port, "USER": server.username, "PASSWORD": server.password}
    test = {"NAME": f"test_{server.path[1:]}"}
    return {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": server.path[1:], "TEST": test, **address}}


def run_tests(folder: Path, url: str, text: str, *command: str) -> subprocess.CompletedProcess[str]:
    files = {"asgi.py": APPLICATION, "test_sockets.py": text}
    field = "django.db.models.BigAutoField"
    environment = write_project(folder, APPS, files, DATABASES=on_postgresql(url), DEFAULT_AUTO_FIELD=field)
    return run(folder, environment, "-m", *command)


@pytest.mark.parametrize("has_kit", [True, False])
def test_the_test_database_can_be_dropped_after_a_test_with_a_socket(
    tmp_path: Path, postgresql_database: str, has_kit: bool
) -> None:
    bases = "FeedTestMixin, TransactionTestCase" if has_kit else "TransactionTestCase"
    text = SOCKET_TEST.replace("BASES", bases)
    done = run_tests(tmp_path, postgresql_database, text, "django", "test", "--noinput", "test_sockets")
    assert "Ran 1 test" in done.stderr
    assert "FAILED" not in done.stderr
    # Without the kit, as it was: so the test shows what the kit is for.
    assert ("is being accessed by other users" in done.stderr) is not has_kit
    assert (done.returncode == 0) is has_kit


def test_the_plugin_closes_the_hubs_of_pytest(tmp_path: Path, postgresql_database: str) -> None:
    options = ["--create-db", "-p", "feed.pytest_plugin", "-o", "asyncio_mode=auto", "-o", "addopts="]
    scopes = [f"asyncio_default_{each}_loop_scope=session" for each in ("test", "fixture")]
    for scope in scopes:
        options += ["-o", scope]
    done = run_tests(tmp_path, postgresql_database, PYTEST_TEST, "pytest", *options, "test_sockets.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "being accessed" not in done.stdout + done.stderr


def test_the_examples_of_the_document_work(tmp_path: Path) -> None:
    files = {"tests/test_orders.py": "as soon as the package is installed:", "orders/tests.py": "In `orders/tests.py`:"}
    texts = {name: "\n".join(step(sentence, DOCUMENT)) for name, sentence in files.items()}
    environment = write_project(tmp_path, APPS, texts, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    options = ["-p", "feed.pytest_plugin", "-p", "no:asyncio"]
    done = run(tmp_path, environment, "-m", "pytest", *options, "tests/test_orders.py")
    assert "1 passed" in done.stdout, done.stdout
    done = run(tmp_path, environment, "-m", "django", "test", "orders.tests")
    assert ("Ran 1 test" in done.stderr, done.returncode) == (True, 0), done.stderr


def test_pytest_finds_the_plugin_by_itself(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "feed.pytest_plugin = feed.pytest_plugin" in archive.read(name).decode()


def test_the_plugin_needs_no_django_and_the_kit_no_pytest(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", "import feed.pytest_plugin"], check=True, cwd=ROOT, env={})
    environment = write_project(tmp_path, APPS)
    code = """
        import sys
        sys.modules["pytest"] = None
        import feed.testing
        print(feed.testing.FeedTestMixin)
        """
    assert "FeedTestMixin" in run_code(tmp_path, environment, code)
