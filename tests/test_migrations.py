"""The migrations fit the models whatever the project's settings are."""

from pathlib import Path

from tests.support.databases import clean_environment, manage, sqlite_url

SETTINGS = """
from project.settings import *

DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""


def test_another_default_auto_field_needs_no_migrations(tmp_path: Path) -> None:
    (tmp_path / "other_settings.py").write_text(SETTINGS)
    environment = clean_environment(sqlite_url(tmp_path / "rill.sqlite3")) | {
        "DJANGO_SETTINGS_MODULE": "other_settings",
        "PYTHONPATH": str(tmp_path),
    }
    assert "No changes detected" in manage(environment, "makemigrations", "--check", "--dry-run")
