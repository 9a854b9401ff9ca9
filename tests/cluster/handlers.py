"""The process that calls handlers."""

import subprocess
import sys
from typing import Self

from tests.support.databases import ROOT, clean_environment
from tests.support.processes import TIMEOUT


class Handlers:
    def __init__(self, database_url: str, redis_url: str) -> None:
        self._environment = clean_environment(database_url) | {"REDIS_URL": redis_url}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "run_handlers"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the cluster, which ends it
        )

    def restart(self) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT)
        self.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(TIMEOUT)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_died(self) -> bool:
        return self._process.poll() is not None
