"""What a user searches for: words, all of which a text must have, and "phrases in quotes"."""

import re
from typing import NamedTuple

MAX_LENGTH = 200
"""Characters of a query. The rest is ignored."""
MAX_TERMS = 16
TERM = re.compile(r'"([^"]*)(?:"|$)|([^\s"]+)')


class Term(NamedTuple):
    """One word, or several that must follow each other.

    is_prefix: whether the last word may be the beginning of a longer one.
    """

    text: str
    is_prefix: bool = False


def parse(query: str) -> tuple[Term, ...]:
    """The terms of a query. The last word is a prefix, because the user may still be typing it. Nothing is an error."""
    readable = query[:MAX_LENGTH].replace("\0", " ").encode(errors="replace").decode()
    found = [Term(phrase or word, is_prefix=bool(word)) for phrase, word in TERM.findall(readable)]
    # Without letters or digits a database finds no word in it.
    terms = [term for term in found if _has_word(term.text)][:MAX_TERMS]
    return tuple(term if term is terms[-1] else Term(term.text) for term in terms)


def _has_word(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
