"""The static files of the pages, collected under names with a hash (ManifestStaticFilesStorage)."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from feed.models import StatusChange
from tests.support.markup import elements

pytestmark = pytest.mark.django_db

STORAGES = ["django.contrib.staticfiles.storage", "whitenoise.storage"]


@pytest.fixture(params=["Manifest", "CompressedManifest"])
def collected(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Path:
    module = STORAGES[request.param == "CompressedManifest"]
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": f"{module}.{request.param}StaticFilesStorage"},
    }
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", verbosity=0, interactive=False)
    return tmp_path


def test_every_file_that_a_page_names_is_collected(collected: Path, as_alice: Client, hello: StatusChange) -> None:
    for path in ("/", f"/events/{hello.pk}/", "/people/alice/", "/profile/", "/nowhere/"):
        html = as_alice.get(path).content.decode()
        values = (value for each in elements(html) for value in each.attributes.values())
        names = {value.removeprefix("/static/") for value in values if value.startswith("/static/")}
        assert any(re.match(r"feed/rill\.[0-9a-f]{12}\.js", name) for name in names), path
        for name in names:
            file, _, fragment = name.partition("#")
            assert re.search(r"\.[0-9a-f]{12}\.", file), name
            assert f'id="{fragment}"' in (collected / file).read_text() if fragment else (collected / file).exists()


def test_every_file_that_a_style_or_script_names_is_collected(collected: Path) -> None:
    for file in [*(collected / "feed").rglob("*.css"), *(collected / "feed").rglob("*.js")]:
        for name in re.findall(r"sourceMappingURL=(\S+)|url\([\"']?([^)\"']+)", file.read_text()):
            target = "".join(name)
            assert target.startswith("data:") or (file.parent / target).exists(), (file, target)
