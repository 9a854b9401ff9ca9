"""The steps of docs/embedding.md, as they stand there, with the wheel in a new project."""

import json
import os
import re
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

from tests.support.databases import ROOT
from tests.support.processes import TIMEOUT, free_port, wait_until

DOCUMENT = (ROOT / "docs" / "embedding.md").read_text()
BLOCK = r"((?:    .*\n|\n)+)"


class Project:
    """A Django project in an empty folder, which knows this repository only by its wheel."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self.folder = folder
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = inherited | {"PYTHONPATH": str(packages), "PYTHONSAFEPATH": ""}

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, *arguments: str) -> str:
        return self.run(sys.executable, *arguments)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run the server with the command of the document. Yields the URL of its websocket."""
        port = str(free_port())
        command = [sys.executable, "-m", *step("Start the server:")[0].split(), "--port", port]
        with subprocess.Popen(command, cwd=self.folder, env=self.environment) as process:
            try:
                wait_until(lambda: accepts(port), "the server to listen")
                yield f"ws://127.0.0.1:{port}/ws/feed/?after=0"
            finally:
                process.terminate()


def step(sentence: str, document: str = DOCUMENT) -> list[str]:
    """The lines of the block after this sentence."""
    found = re.search(re.escape(sentence) + r"\n\n" + BLOCK, document)
    assert found, sentence
    return textwrap.dedent(found[1]).strip().splitlines()


@pytest.fixture
def project(wheel: Path, tmp_path: Path) -> Project:
    packages, folder = tmp_path / "packages", tmp_path / "project"
    folder.mkdir()
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(packages)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    project = Project(folder, packages)
    project.python("-m", "django", "startproject", "shop", ".")
    project.python("manage.py", "startapp", "orders")
    with (folder / "shop" / "settings.py").open("a") as settings:
        settings.write('\nINSTALLED_APPS += ["orders"]\n')
    return project


def test_the_steps_of_the_document_give_a_project_a_live_feed(project: Project) -> None:
    steps, _, _ = DOCUMENT.partition("\n## ")
    blocks = re.findall(r"\b[Ii]n `([\w/]+\.py)`[^`]*?:\n\n" + BLOCK, steps)
    assert [name for name, _ in blocks] == ["shop/settings.py", "shop/settings.py", "shop/asgi.py", "orders/models.py"]
    for name, block in blocks:
        with (project.folder / name).open("a") as file:
            file.write("\n" + textwrap.dedent(block))
    with (project.folder / "shop" / "urls.py").open("a") as urls:
        urls.write("\n".join(step("Add the pages to the URLs of the project, `shop/urls.py`:")))
    for command in step("Create its table:"):
        project.run(sys.executable, *command.split()[1:])
    assert "feed" in project.python("-c", "import feed; print(feed.__file__)")
    assert str(ROOT) not in project.python("-c", "import feed; print(feed.__file__)")
    with project.serving() as url, connect(url, open_timeout=TIMEOUT) as websocket:
        assert json.loads(websocket.recv(timeout=TIMEOUT))["changes"] == []
        save = "\n".join(step("save an event in a shell, a view or a worker:"))
        project.python("manage.py", "shell", "--verbosity", "0", "--command", save)
        (change,) = json.loads(websocket.recv(timeout=TIMEOUT))["changes"]
        page = urlopen(re.sub(r"^ws(.*)/ws/.*", r"http\1/activity/", url)).read().decode()
    event = change["event"]
    assert (event["kind"], event["user"], event["total"]) == ("order_placed", "alice", "9.90")
    assert f'href="{event["url"]}"' in page


def accepts(port: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(port)), timeout=TIMEOUT).close()
    except ConnectionRefusedError:
        return False
    return True
