"""The wheel: what it holds, what it needs, and that a project outside of this repository can use it."""

import re
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.databases import ROOT


def test_the_wheel_holds_the_apps_with_their_files_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"feed", "profiles"}
    assert {
        "feed/py.typed",
        "feed/templates/feed/events/event.html",
        "feed/static/feed/rill.js",
        "feed/static/feed/vendor/htmx.min.js",
        "feed/migrations/0001_initial.py",
        "profiles/templates/profiles/person.html",
    } < set(names)


def test_the_dependencies_of_the_wheel_are_pinned_in_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    wanted = [Requirement(each) for each in [*project["dependencies"], *extras]]
    lines = re.sub(r"(?m)#.*|^-.*", "", (ROOT / "requirements.txt").read_text()).split()
    pinned = {requirement.name.lower(): requirement for requirement in map(Requirement, lines)}
    for each in wanted:
        pin = pinned[each.name.lower()]
        version = str(pin.specifier).removeprefix("==")
        assert each.specifier.contains(version), f"requirements.txt has {pin}, the wheel wants {each}."
        assert each.extras <= pin.extras
