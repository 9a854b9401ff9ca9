"""Static files: small, and under names with a hash, so that browsers keep them. Servers collect them as they start."""

import io
import logging
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rjsmin
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.core.files import locks
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Redirect, StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)

STRING_OR_COMMENT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|/\*.*?\*/""", re.DOTALL)
INDENTATION = re.compile(r"\n\s+")
THEIRS = re.compile(r"^admin/|/vendor/")
"""Files that others wrote: small already, or not for us to change."""
VALIDATORS = {"ETag", "Last-Modified"}
"""Headers for browsers that ask again. They don't for a name with a hash, and there are many files."""


def smaller_css(text: str) -> str:
    """Without comments and indentation. Once it is compressed, a minifier saves no more than that."""
    return INDENTATION.sub("\n", STRING_OR_COMMENT.sub(r"\1", text))


SMALLER = {".css": smaller_css, ".js": rjsmin.jsmin}


class Storage(CompressedManifestStaticFilesStorage):
    """Names with a hash for the files that are collected. Until then the plain names, which WhiteNoise serves, too."""

    support_js_module_import_aggregation = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls: dict[str, str] = {}

    @property
    def manifest_name(self) -> str:
        """Has the digest of the sources, so a manifest of other sources isn't used, and each release has its own."""
        return f"manifest-{digest_of_sources()}.json"

    def post_process(self, paths: dict[str, tuple[Any, str]], **options: Any) -> Iterator[Any]:
        """paths: the storage of each source, and its path there, by its name here."""
        for name in paths:
            smaller = SMALLER.get(Path(name).suffix)
            if smaller and not THEIRS.search(name):
                file = Path(self.path(name))
                file.write_text(smaller(file.read_text()))
                paths[name] = (self, name)
        yield from super().post_process(paths, **options)
        self._urls.clear()

    def url(self, name: str, force: bool = False) -> str:
        """Cached: building the URLs took a tenth of a page's time."""
        if force or settings.DEBUG:
            return str(super().url(name, force))
        if name not in self._urls:
            self._urls[name] = super().url(name, force)
        return self._urls[name]

    def stored_name(self, name: str) -> str:
        stored: str = super().stored_name(name) if self.hashed_files else name
        return stored


@cache
def digest_of_sources() -> str:
    """Of all static files of the apps, and of this file, which changes them. By content, because clones don't keep the
    times. Takes 10 ms."""
    digest = sha256(Path(__file__).read_bytes())
    for finder in get_finders():
        for path, storage in sorted(finder.list(None), key=lambda found: found[0]):
            digest.update(path.encode() + b"\0" + Path(storage.path(path)).read_bytes())
    return digest.hexdigest()[:16]


def collect() -> None:
    """Collect the static files, unless that is done. If it can't be done, the site runs without, only slower."""
    root = Path(settings.STATIC_ROOT)
    if settings.DEBUG or is_collected():
        return
    try:
        with locked(root.with_name("static.lock")):
            if not is_collected():
                collect_into(root)
    except OSError as error:
        logger.warning("Static files are served uncompressed, because they can't be collected: %s", error)


def is_collected() -> bool:
    return bool(Storage().hashed_files)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Several servers may start at once."""
    with file.open("w") as handle:
        locks.lock(handle, locks.LOCK_EX)
        yield


def collect_into(root: Path) -> None:
    """Move each file into place when it is complete, and the manifest last: other servers use the folder meanwhile."""
    with TemporaryDirectory(dir=root.parent, prefix="collecting-") as folder:
        command = Command()
        command.storage = Storage(location=folder)
        call_command(command, verbosity=0, interactive=False)
        files = (file for file in Path(folder).rglob("*") if file.is_file())
        for file in sorted(files, key=lambda file: file.name == command.storage.manifest_name):
            target = root / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Also serves what another release has collected since the start. In a rolling restart, pages of the new processes
    ask the old ones for files."""

    FOREVER = 365 * 24 * 3600
    """Seconds. More than a year means no more to any browser."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(self.static_prefix) and path not in self.files and not self.autorefresh:
            self.add_collected(path)
        response: HttpResponseBase = super().__call__(request)
        return response

    @staticmethod
    def serve(static_file: StaticFile | Redirect, request: HttpRequest) -> HttpResponse:
        """In one piece. Django can't stream a file under ASGI, and says so in the log."""
        found = static_file.get_response(request.method, request.META)
        with closing(found.file or io.BytesIO()) as file:
            response = HttpResponse(file.read(), status=found.status)
        del response.headers["Content-Type"]
        asked_again = "immutable" not in dict(found.headers).get("Cache-Control", "")
        for name, value in found.headers:
            if asked_again or name not in VALIDATORS:
                response.headers[name] = value
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def add_collected(self, path: str) -> None:
        file = os.path.join(self.static_root, path.removeprefix(self.static_prefix))  # noqa: PTH118
        # Not of pathlib, because these answer False for a name that is too long or no name at all.
        if self.url_is_canonical(path) and os.path.isfile(file):  # noqa: PTH113
            self.add_file_to_dictionary(path, file)
