"""Projects that know this repository only by its wheel, each in a folder of its own."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from tests.support.databases import ROOT
from tests.support.processes import TIMEOUT, free_port, wait_until

INTERPRETERS = {"5.2": Path(sys.executable), "6.0": ROOT / ".venv-django6" / "bin" / "python"}
"""A Python for each version of Django. script/test makes the second."""


class Project:
    """packages: the folder with the contents of the wheel. python: an interpreter with the other packages."""

    def __init__(self, folder: Path, packages: Path, python: Path, **environment: str) -> None:
        self.folder, self.python_path = folder, python
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        paths = [environment.pop("PYTHONPATH", ""), str(packages)]
        self.environment = inherited | {"PYTHONPATH": ":".join(filter(None, paths)), "PYTHONSAFEPATH": ""} | environment

    def run(self, *command: str) -> str:
        """Run the command in the folder. Returns its output. `python` and `django-admin` are those of the project."""
        program = {"python": [self._python], "django-admin": [self._python, "-m", "django"]}.get(command[0])
        line = [*(program or command[:1]), *command[1:]]
        done = subprocess.run(line, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def python(self, *arguments: str) -> str:
        return self.run("python", *arguments)

    def shell(self, code: str) -> str:
        """What the code prints in `manage.py shell`."""
        return self.python("-m", "django", "shell", "--verbosity", "0", "--command", textwrap.dedent(code))

    @contextmanager
    def serving(self, *command: str, health: str) -> Iterator[int]:
        """Run a server, with `{port}` in its command. Yields the port once the path `health` answers."""
        port = free_port()
        line = [self._python, *(part.format(port=port) for part in command)]
        log = self.folder / "server.log"
        with (
            log.open("w") as output,
            subprocess.Popen(line, cwd=self.folder, env=self.environment, stdout=output, stderr=output) as process,
        ):
            try:
                wait_until(lambda: process.poll() is None and answers(port, health), "the server to answer")
                yield port
            except BaseException as error:
                error.add_note(log.read_text())
                raise
            finally:
                process.terminate()

    @property
    def _python(self) -> str:
        return str(self.python_path)


def answers(port: int, path: str, headers: Mapping[str, str] | None = None) -> bool:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=dict(headers or {})), timeout=TIMEOUT):
            return True
    except OSError:
        return False
