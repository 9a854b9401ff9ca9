"""A custom user model. It runs in another process, because a process can't change its user model."""

import subprocess
import sys

import pytest

from tests.support.databases import ROOT, clean_environment, sqlite_url
from tests.support.processes import temporary_folder

PROGRAMS = [("settings", "visit"), ("settings_with_handles", "visit_with_handles")]


@pytest.mark.parametrize(("configuration", "program"), PROGRAMS)
def test_users_of_a_custom_user_model_sign_up_post_and_have_pages(configuration: str, program: str) -> None:
    with temporary_folder() as folder:
        environment = clean_environment(sqlite_url(folder / "own_users.sqlite3"))
        environment |= {"DJANGO_SETTINGS_MODULE": f"tests.own_users.{configuration}"}
        command = [sys.executable, "-m", f"tests.own_users.{program}"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
