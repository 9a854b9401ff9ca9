"""Identifies a release of the site: the sources and templates of its apps, and some settings."""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.files.storage import storages
from django.template import engines

SETTINGS = ("STATIC_URL", "LANGUAGE_CODE", "TIME_ZONE", "USE_TZ", "USE_I18N", "FORCE_SCRIPT_NAME", "FEED_USER_FIELD")


@cache
def fingerprint() -> str:
    """The same in all processes that render a row alike. Reads some hundred files, once."""
    digest = sha256(repr([getattr(settings, name, None) for name in SETTINGS]).encode())
    # Rows name static files, and their names may have hashes.
    digest.update(getattr(storages["staticfiles"], "manifest_hash", "").encode())
    for file in sorted(_sources()):
        digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    folders = {Path(config.path) for config in apps.get_app_configs()}
    folders |= {Path(folder) for engine in engines.all() for folder in engine.template_dirs}
    if (urls := find_spec(settings.ROOT_URLCONF)) and urls.origin:
        yield Path(urls.origin)
    for folder in folders:
        yield from (file for suffix in ("*.py", "*.html") for file in folder.rglob(suffix) if file.is_file())
