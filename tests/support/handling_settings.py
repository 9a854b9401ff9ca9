"""The project's settings with the handlers of tests/support/handling/handlers.py."""

from project.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.handling"]  # noqa: F405
