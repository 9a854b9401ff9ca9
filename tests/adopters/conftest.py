import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adopters.installed import INTERPRETERS
from tests.browser.conftest import browser, new_visitor  # noqa: F401 (fixtures)
from tests.support.databases import ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that script/release tries, or else one of the present state."""
    return Path(os.environ.get("RILL_WHEEL") or build(ROOT, tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="session")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the client."""
    source = ROOT / "clients" / "python"
    return Path(os.environ.get("RILL_CLIENT_WHEEL") or build(source, tmp_path_factory.mktemp("wheel")))


def build(source: Path, folder: Path) -> Path:
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, source], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def packages(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel is installed, without what it needs."""
    folder = tmp_path_factory.mktemp("packages")
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, wheel], check=True)
    return folder


@pytest.fixture(scope="module", params=list(INTERPRETERS), ids="Django {}".format)
def python(request: pytest.FixtureRequest) -> Path:
    """An interpreter for each version of Django that the wheel supports."""
    found = INTERPRETERS[request.param]
    if not found.exists():
        # Also in CI: script/test installs servers, and no Python.
        pytest.skip(
            f"Django {request.param} needs Python 3.12 or 3.13; with it script/test makes {found.parents[1].name}"
        )
    return found
