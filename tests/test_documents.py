"""The tests and files that the documents name exist."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.databases import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("clients/*/*.md")]
PLAIN = {f"feed/{name}" for name in ("apps.py", "urls.py", "batches.py", "numbers.py", "signals.py", "py.typed")} | {
    f"feed/{name}/" for name in ("management", "migrations", "static", "templates")
}
"""Parts of the feed whose names say enough, to those who know Django."""
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))


@cache
def existing_tests() -> set[str]:
    """All tests and their files: `file`, `name` and `file::name`."""
    sources = [(file.relative_to(ROOT), file.read_text()) for file in ROOT.glob("tests/**/test_*.py")]
    defined = [(file, name) for file, source in sources for name in re.findall(r"def (test_\w+)\(", source)]
    return (
        {str(file) for file, _ in sources}
        | {name for _, name in defined}
        | {f"{file}::{name}" for file, name in defined}
    )


@each_document
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"`((?:tests/)?(?:[\w/]+/)?test_[\w.]+(?:::\w+)?)`", document.read_text()))
    assert named <= existing_tests()


@each_document
def test_every_file_that_a_document_links_to_exists(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_architecture_names_every_part_of_the_feed() -> None:
    rows = (ROOT / "docs/architecture.md").read_text()
    parts = {f"feed/{each.name}{'/' * each.is_dir()}" for each in (ROOT / "feed").iterdir() if each.name[0].isalpha()}
    unnamed = {part for part in parts if f"`{part}`" not in rows and not part.startswith("feed/checks_")}
    assert unnamed == PLAIN
