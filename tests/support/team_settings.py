"""The project's settings with the audiences of tests/support/audiences.py."""

from project.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.teams"]  # noqa: F405
