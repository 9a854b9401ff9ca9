"""Reads the steps of the documents, so that tests follow them as they stand."""

import re
import textwrap

from tests.support.databases import ROOT

BLOCK = r"((?:    .*\n|\n)+)"


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def block(sentence: str, text: str) -> str:
    """The block after the sentence, which may end with other words before the colon."""
    found = re.search(re.escape(sentence) + r"[^\n]*\n\n" + BLOCK, text)
    assert found, sentence
    return textwrap.dedent(found[1]).strip() + "\n"


def commands(sentence: str, text: str) -> list[list[str]]:
    """The commands of the block after the sentence, without their comments."""
    return [line.split("#")[0].split() for line in block(sentence, text).splitlines()]


def files(text: str) -> list[tuple[str, str]]:
    """The files that the document writes or appends to, and the lines."""
    found = re.findall(r"\b(?:[Ii]n|of) `([\w/]+\.(?:py|html))`[^:]*?:\n\n" + BLOCK, text)
    return [(name, textwrap.dedent(lines).strip() + "\n") for name, lines in found]
