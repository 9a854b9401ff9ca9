"""docs/settings.md has every setting and every variable, with the default that the code has."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from feed.conf import DEFAULTS
from project.environment import VARIABLES
from tests.support.databases import ROOT, clean_environment

DOCUMENT = ROOT / "docs" / "settings.md"
READ = "import json, project.settings; from project.environment import env; print(json.dumps(env.dump(), default=str))"
IN_WORDS = {
    "SECRET_KEY": "made at the first start, in `var/secret_key`",
    "DATABASE_URL": "SQLite in `var/`",
    "EMAIL_URL": "`console:`",
}
"""Defaults that aren't values."""


def rows(heading: str) -> dict[str, str]:
    """The defaults by name, of the first table below this heading."""
    text = DOCUMENT.read_text().partition(f"{heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| ", table[0], re.MULTILINE))


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    """What project/settings.py reads from an empty environment."""
    clean = {name: value for name, value in clean_environment("").items() if name not in VARIABLES}
    done = subprocess.run([sys.executable, "-c", READ], cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def is_default(written: str, value: Any) -> bool:
    """Whether the document says this value: 15, `300/minute`, "false", or "none: in all other cases"."""
    if value is None or value == []:
        return written.lower().partition(":")[0] == "none"
    plain = written.replace("`", "")
    if isinstance(value, bool):
        return plain.lower() == str(value).lower()
    if isinstance(value, list):
        return plain in {",".join(value), " ".join(value)}
    return plain == (f"{value:g}" if isinstance(value, float) else str(value))


def test_every_variable_is_documented_with_its_default(read: dict[str, Any]) -> None:
    documented = rows("## Environment")
    assert documented.keys() == read.keys()
    wrong = {name: value for name, value in read.items() if not is_default(documented[name], value)}
    assert {name: documented[name] for name in wrong} == IN_WORDS


def test_every_other_setting_of_the_feed_is_documented_with_its_default(read: dict[str, Any]) -> None:
    documented = rows("### In Django's settings")
    assert documented.keys() == DEFAULTS.keys() - read.keys()
    assert not {name: text for name, text in documented.items() if not is_default(text, DEFAULTS[name])}


def test_the_defaults_of_the_feed_are_those_of_the_site_where_nothing_else_is_said(read: dict[str, Any]) -> None:
    others = {name for name, value in DEFAULTS.items() if name in read and read[name] != value}
    assert others == {"FEED_PRESENCE"}
    assert "As a setting of other projects: `count`" in Path(DOCUMENT).read_text()


def test_an_empty_variable_counts_as_unset_whichever_it_is(read: dict[str, Any]) -> None:
    assert {name for name in read if not name.startswith("FEED_")} <= VARIABLES
