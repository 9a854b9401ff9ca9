"""Rill's own settings, and the plain app that it is compared with."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.measures.plain"]
ROOT_URLCONF = "bench.measures.plain.urls"
