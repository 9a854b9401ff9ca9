"""The wheel: what it holds, what it needs, and that a project outside of this repository can use it."""

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from functools import partial
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import feed
import rill
from tests.support.databases import ROOT

EXTRAS = {
    "daphne": {"daphne"},
    "redis": {"channels-redis", "redis"},
    "postgresql": {"psycopg"},
    "pictures": {"pillow"},
    "webhooks": {"standardwebhooks"},
    "metrics": {"prometheus-client"},
    "logs": {"python-json-logger"},
    "tracing": {"opentelemetry-api"},
}


def listed(file: str) -> list[Requirement]:
    lines = re.sub(r"(?m)#.*|^-.*", "", (ROOT / file).read_text()).split()
    return [Requirement(line) for line in lines]


def contents(wheel: Path) -> set[str]:
    """The files of the apps in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info" not in name}


def test_the_wheel_holds_the_apps_with_their_files_and_nothing_else(wheel: Path) -> None:
    folders = [ROOT / "feed", ROOT / "feed" / "client", ROOT / "profiles"]  # the second is a link: rglob follows none
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert contents(wheel) == {str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts}
    wanted = {"feed/py.typed", "profiles/py.typed", "feed/static/feed/rill.js", "feed/client/__init__.py"}
    assert wanted < contents(wheel)
    assert not [name for name in contents(wheel) if Path(name).name.startswith("test_") or "/tests/" in name]


def test_the_sdist_gives_the_same_wheel_and_both_can_be_published(wheel: Path, tmp_path: Path) -> None:
    """As script/release builds them."""
    run = partial(subprocess.run, check=True, capture_output=True, cwd=ROOT)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path])
    built = sorted(tmp_path.iterdir())
    assert [file.suffix for file in built] == [".whl", ".gz"]
    assert contents(built[0]) == contents(wheel)
    run([sys.executable, "-m", "twine", "check", "--strict", *built])


CLIENT = ROOT / "clients" / "python"


def test_the_wheel_of_the_client_holds_what_the_feed_has_as_its_own(wheel: Path, client_wheel: Path) -> None:
    """One source: feed/client is a link to it."""
    theirs, own = (zipfile.ZipFile(each) for each in (wheel, client_wheel))
    with theirs, own:
        for name in contents(client_wheel):
            assert own.read(name) == theirs.read(name.replace("rill/", "feed/client/", 1))
    assert "rill/py.typed" in contents(client_wheel)
    assert rill.__version__ == feed.__version__


def test_the_sdist_of_the_client_gives_the_same_wheel(client_wheel: Path, tmp_path: Path) -> None:
    run = partial(subprocess.run, check=True, capture_output=True, cwd=CLIENT)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path])
    built = sorted(tmp_path.iterdir(), key=lambda file: file.suffix)
    assert contents(built[1]) == contents(client_wheel)
    run([sys.executable, "-m", "twine", "check", "--strict", *built])


def test_the_client_is_installed_with_its_command(client_wheel: Path, tmp_path: Path) -> None:
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, client_wheel], check=True)
    command, path = [str(tmp_path / "bin" / "rill"), "tail", "nowhere"], {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, *command], env=path, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "rill: The URL of a feed is like http://localhost:8000, not 'nowhere'." in done.stderr


def test_what_the_client_needs_the_feed_needs_too() -> None:
    """So that `feed.client` runs wherever the feed is installed."""
    needed, also = (
        tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"] for folder in (CLIENT, ROOT)
    )
    assert set(needed) <= set(also)


@pytest.mark.parametrize(("extra", "names"), EXTRAS.items())
def test_an_extra_brings_what_its_name_says(wheel: Path, extra: str, names: set[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    wanted = [Requirement(each) for each in metadata.get_all("Requires-Dist", [])]
    assert {each.name for each in wanted if each.marker and each.marker.evaluate({"extra": extra})} == names


def test_django6_is_tested_with_what_the_wheel_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {Requirement(each).name.lower() for each in [*project["dependencies"], "daphne", "uvicorn"]}
    assert {each.name.lower() for each in listed("requirements-django6.txt")} == needed


def test_the_dependencies_of_the_wheel_are_pinned_in_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    wanted = [Requirement(each) for each in [*project["dependencies"], *extras]]
    pinned = {requirement.name.lower(): requirement for requirement in listed("requirements.txt")}
    for each in wanted:
        pin = pinned[each.name.lower()]
        version = str(pin.specifier).removeprefix("==")
        assert each.specifier.contains(version), f"requirements.txt has {pin}, the wheel wants {each}."
        assert each.extras <= pin.extras
