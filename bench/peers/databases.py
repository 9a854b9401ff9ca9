"""Makes a new database for each server by copying a migrated one."""

import atexit
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from bench.peers.peer import LaunchContext
from tests.support.databases import ROOT, clean_environment, new_database, sqlite_url
from tests.support.processes import temporary_folder

SITE = "bench.servers.site.settings"

_templates = ExitStack()
atexit.register(_templates.close)


def django_environment(context: LaunchContext, settings: str) -> dict[str, str]:
    """The environment for the server and the poster of a Django project, with a database of its own."""
    environment = environment_of(context.stack.enter_context(database(context.services.postgresql, settings)), settings)
    return environment | ({"REDIS_URL": context.services.redis} if context.services.redis else {})


def environment_of(url: str, settings: str) -> dict[str, str]:
    return clean_environment(url) | {"DJANGO_SETTINGS_MODULE": settings}


@contextmanager
def database(postgresql: str | None, settings: str) -> Iterator[str]:
    """The URL of a new database: on this PostgreSQL, or an SQLite file if there is none."""
    if postgresql is not None:
        with new_database(postgresql, template=migrated(postgresql, settings)) as url:
            yield url
        return
    with temporary_folder() as folder:
        file = folder / "bench.sqlite3"
        shutil.copy(migrated(None, settings).removeprefix("sqlite:///"), file)
        yield sqlite_url(file)


@cache
def migrated(postgresql: str | None, settings: str) -> str:
    """The URL of a migrated database to copy from, because migrating takes seconds."""
    if postgresql is not None:
        url = _templates.enter_context(new_database(postgresql))
    else:
        url = sqlite_url(_templates.enter_context(temporary_folder()) / "migrated.sqlite3")
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment_of(url, settings),
        check=True,
    )
    return url
