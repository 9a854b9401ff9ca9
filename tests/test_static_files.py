"""Static files and pages as browsers get them: from a real server, on a folder of its own."""

import gzip
import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from django.test import RequestFactory
from pytest_django import Settings

from project import static_files
from tests.support.markup import elements
from tests.support.servers import Server

YEAR = 365 * 24 * 3600


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("uvicorn") as server:
        yield server
        server.assert_quiet()


def get(server: Server, path: str, encoding: str = "identity") -> tuple[http.client.HTTPResponse, bytes]:
    connection = server.connection()
    try:
        connection.request("GET", path, headers={"Accept-Encoding": encoding})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def linked(server: Server, path: str = "/") -> set[str]:
    """The static files that a page names."""
    html = get(server, path)[1].decode()
    values = (value for each in elements(html) for value in each.attributes.values())
    return {value.partition("#")[0] for value in values if value.startswith("/static/")}


def test_browsers_keep_every_file_of_a_page_for_a_year(server: Server) -> None:
    files = linked(server)
    assert any(re.fullmatch(r"/static/feed/rill\.[0-9a-f]{12}\.js", file) for file in files)
    for file in files:
        response, _ = get(server, file)
        assert response.status == 200, file
        assert response.headers["Cache-Control"] == f"max-age={YEAR}, public, immutable", file


def test_scripts_and_styles_come_compressed(server: Server) -> None:
    for file in linked(server):
        plain = get(server, file)[1]
        for encoding, decompress in (("br", brotli.decompress), ("gzip", gzip.decompress)):
            response, body = get(server, file, encoding)
            # What hardly shrinks is sent as it is, and a typeface, which is compressed already.
            is_plain = len(plain) < 500 or file.endswith(".woff2")
            assert response.headers["Content-Encoding"] == encoding or is_plain, file
            assert (decompress(body) if response.headers["Content-Encoding"] else body) == plain


def test_every_module_is_preloaded_under_the_name_that_is_imported(server: Server) -> None:
    files = linked(server)
    imported, seen = [file for file in files if "/feed/rill." in file and file.endswith(".js")], set[str]()
    while imported:
        file = imported.pop()
        assert file in files, f"{file} is imported, and has no modulepreload in feed/head.html"
        folder = file.rpartition("/")[0]
        names = re.findall(r"""(?:from|import)\s*["']\./(\S+?)["']""", get(server, file)[1].decode())
        imported += [each for each in (f"{folder}/{name}" for name in names) if each not in seen]
        seen.add(file)
    assert len(seen) > 10


def test_pages_come_compressed_in_another_length_each_time(server: Server) -> None:
    """An attacker who sees the length and can choose a part of the page learns little from it (BREACH)."""
    answers = [get(server, "/accounts/login/", "gzip") for _ in range(20)]
    assert {response.headers["Content-Encoding"] for response, _ in answers} == {"gzip"}
    assert {response.headers["Vary"] for response, _ in answers} == {"Cookie, Accept-Encoding"}
    assert len({len(body) for _, body in answers}) > 5
    tokens = {re.search(rb'csrfmiddlewaretoken" value="(\w+)"', gzip.decompress(body)) for _, body in answers}
    assert len({match and match[1] for match in tokens}) == 20


@pytest.fixture
def empty(settings: Settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    return tmp_path / "static"


def test_files_are_collected_once(empty: Path) -> None:
    static_files.collect()
    written = {file: file.stat().st_ino for file in empty.rglob("*")}
    assert len(list(empty.glob("manifest-*.json"))) == 1
    assert not list(empty.parent.glob("collecting-*"))
    static_files.collect()
    assert {file: file.stat().st_ino for file in empty.rglob("*")} == written


def test_a_manifest_of_other_sources_is_not_used(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    static_files.collect()
    assert static_files.is_collected()
    assert re.fullmatch(r"/static/site\.[0-9a-f]{12}\.css", static_files.Storage().url("site.css"))
    monkeypatch.setattr(static_files, "digest_of_sources", lambda: "after an edit")
    assert not static_files.is_collected()
    assert static_files.Storage().url("site.css") == "/static/site.css"


def test_without_a_folder_to_write_to_plain_files_are_served(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STATIC_ROOT = tmp_path / "nowhere" / "static"
    static_files.collect()
    assert "can't be collected" in caplog.text
    assert static_files.Storage().url("site.css") == "/static/site.css"


def test_with_debug_nothing_is_collected(empty: Path, settings: Settings) -> None:
    settings.DEBUG = True
    static_files.collect()
    assert list(empty.iterdir()) == []


def test_what_a_newer_release_has_collected_is_served(empty: Path) -> None:
    middleware = static_files.StaticFilesMiddleware(lambda request: pytest.fail(f"{request.path} isn't served"))
    (empty / "new.0123456789ab.css").write_text("body {}")
    response = middleware(RequestFactory().get("/static/new.0123456789ab.css"))
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == f"max-age={YEAR}, public, immutable"


OUTSIDE = ["../secret_key", "%2e%2e/secret_key", "..%2fsecret_key", "/etc/passwd"]


@pytest.mark.parametrize("path", [*OUTSIDE, "%00", "x" * 5000, "feed", "feed/"])
def test_no_file_outside_the_folder_is_served(server: Server, path: str) -> None:
    assert get(server, f"/static/{path}")[0].status == 404


def test_crawlers_are_told_what_to_leave_out(server: Server) -> None:
    response, body = get(server, "/robots.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"Disallow: /search/" in body
    assert b"/accounts/" not in body, "Search engines may find the sign-up."
