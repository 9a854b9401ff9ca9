"""The project's settings with a transaction around every request (ATOMIC_REQUESTS)."""

from project.settings import *  # noqa: F403
from project.settings import DATABASES

DATABASES["default"]["ATOMIC_REQUESTS"] = True
ROOT_URLCONF = "tests.faults.programs.atomic_urls"
