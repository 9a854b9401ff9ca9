"""Small projects, each in a folder and a process of its own: the order of their apps is decided once in a process."""

import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.databases import ROOT, clean_environment

BASE = ("django.contrib.auth", "django.contrib.contenttypes")
SETTINGS = """
    SECRET_KEY = "not a secret"
    USE_TZ = True
    ROOT_URLCONF = "urls"
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]}}]
"""
FILES = {
    "urls.py": "urlpatterns = []",
    "orders/__init__.py": "",
    "orders/models.py": """
        from django.db import models
        from feed.models import Event

        class OrderPlaced(Event):
            total = models.IntegerField(default=1)

        class Refund(Event):
            pass
    """,
}


def write_project(
    folder: Path, apps: Sequence[str], files: Mapping[str, str] | None = None, **settings: Any
) -> dict[str, str]:
    """Write the project. Returns the environment of its processes."""
    own = "\n".join(f"{name} = {value!r}" for name, value in {"INSTALLED_APPS": [*apps], **settings}.items())
    texts = {"settings.py": textwrap.dedent(SETTINGS) + own, **FILES, **(files or {})}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return clean_environment("") | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{folder}:{ROOT}"}


def run(
    folder: Path, environment: Mapping[str, str], *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**environment, **variables}, capture_output=True, text=True, check=False
    )


def run_code(folder: Path, environment: Mapping[str, str], code: str) -> str:
    """What this code prints after the start of Django."""
    start = "import django; django.setup()\n"
    done = run(folder, environment, "-c", start + textwrap.dedent(code))
    assert done.returncode == 0, done.stderr
    return done.stdout
