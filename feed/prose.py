"""Texts as people write them: links, mentions, and code in backticks. Not Markdown.

A text is cut into pieces, which together are the whole text. Nothing here makes a query, and the time has a bound that
tests/feed/test_prose.py measures with hostile texts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from linkify_it import LinkifyIt

MAX_LENGTH = 4000
"""Characters. A longer text is shown as it is: the time for hostile texts grows with the square of their length."""
MAX_SHOWN = 40
"""Characters that are shown of a link."""
MAX_MENTIONS = 20
MAX_NAME = 150
"""Characters of a name, as in Django's user model."""
LONG = 600
MANY_LINES = 12

FENCE = "```"
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# As Django's names: letters, digits and @ . + - _. It ends with a letter, digit or _: "@bob." ends a sentence.
MENTION = re.compile(r"(?<![\w@.+/-])@(\w+(?:[@.+-]+\w+)*)")
# What reverses the direction of a text could make a link look like another one.
TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# Only what names its scheme: "settings.py" is no link. It has no state, so threads share it.
_links = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False}).add("ftp:", None).add("//", None)


class Piece(NamedTuple):
    """source: what its author wrote. what: "text", "code", "block", "link" or "mention". value: the code, the URL, or
    the name."""

    what: str
    source: str
    value: str = ""


def prose(text: object) -> SafeString:
    """The text as HTML: an element, and after a long one the means to unfold it."""
    written = str(text)
    folded = FOLDED if is_long(written) else ""
    return mark_safe(f'<div class="text" dir="auto">{inline(written)}</div>{folded}')  # noqa: S308 (each piece is escaped)


# The text isn't inside of `details`, or it would be cut in two. rill's css/rows.css folds it.
FOLDED = (
    '<details class="more"><summary><span class="closed">Show more</span><span class="opened">Show less</span>'
    "</summary></details>"
)


def inline(text: str) -> SafeString:
    """The text as HTML, without the element around it."""
    found = list(pieces(text))
    pages = {name: person_page(name) for name in _mentioned(found)}
    return mark_safe("".join([_shown(piece, pages) for piece in found]))  # noqa: S308 (each piece is escaped)


def is_long(text: str) -> bool:
    return len(text) > LONG or text.count("\n") >= MANY_LINES


def mentions_in(text: str) -> list[str]:
    """The names that the text mentions with an @, as they are written, in their order, each once. Nobody may have such
    a name."""
    return _mentioned(pieces(text))


def _mentioned(found: Iterable[Piece]) -> list[str]:
    names = (piece.value for piece in found if piece.what == "mention" and len(piece.value) <= MAX_NAME)
    return [*dict.fromkeys(names)][:MAX_MENTIONS]


def pieces(text: str) -> Iterator[Piece]:
    for block in _blocks(text) if len(text) <= MAX_LENGTH else ():
        if block.what == "text":
            yield from _cut(block.source, CODE, "code", _linked)
        else:
            yield block
    if len(text) > MAX_LENGTH:
        yield Piece("text", text)


def _blocks(text: str) -> Iterator[Piece]:
    """Lines between two fences are a block. A fence that nothing closes is text."""
    plain, fenced = list[str](), list[str]()
    for line in text.splitlines(keepends=True) if FENCE in text else [text]:
        if not fenced and not (line.startswith(FENCE) and "`" not in line[3:]):
            plain.append(line)
        elif not fenced or line.strip() != FENCE:
            fenced.append(line)
        else:
            yield from _text("".join(plain))
            yield Piece("block", "".join([*fenced, line]), "".join(fenced[1:]))
            plain, fenced = [], []
    yield from _text("".join(plain + fenced))


def _linked(text: str) -> Iterator[Piece]:
    end = 0
    for match in (":" in text and _links.match(text)) or ():
        if not TURNS.search(match.raw) and _host(match.url) is not None:
            yield from _mentioning(text[end : match.index])
            yield Piece("link", match.raw, match.url)
            end = match.last_index
    yield from _mentioning(text[end:])


def _mentioning(text: str) -> Iterator[Piece]:
    return _cut(text, MENTION, "mention", _text)


def _cut(text: str, pattern: re.Pattern[str], what: str, rest: Callable[[str], Iterator[Piece]]) -> Iterator[Piece]:
    end = 0
    for match in pattern.finditer(text):
        yield from rest(text[end : match.start()])
        yield Piece(what, match[0], match[1])
        end = match.end()
    yield from rest(text[end:])


def _text(text: str) -> Iterator[Piece]:
    if text:
        yield Piece("text", text)


def _host(url: str) -> str | None:
    """The host of a web address, "" of a mail address. None if there is neither."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https"):
            return parts.hostname and parts.netloc.rpartition("@")[2]
        return "" if parts.scheme == "mailto" else None
    return None


def shortened(url: str) -> str:
    """What is shown of a URL: host and path. Of a long host the end, because that says whose it is."""
    host, parts = _host(url) or "", urlsplit(url)
    if len(host) > MAX_SHOWN:
        return "…" + host[1 - MAX_SHOWN :]
    shown = host + url[url.index(parts.netloc) + len(parts.netloc) if host else len("mailto:") :]
    shown = shown.removesuffix("/")
    return shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"


def _shown(piece: Piece, pages: Mapping[str, str]) -> str:
    what, source, value = piece
    if what == "link":
        url = escape(value)
        return f'<a href="{url}" title="{url}" rel="nofollow noopener ugc">{escape(shortened(value))}</a>'
    if what == "code":
        return f"<code>{escape(value)}</code>"
    if what == "block":
        return f"<pre><code>{escape(value)}</code></pre>"
    page = pages.get(value)
    return f'<a class="mention" href="{escape(page)}">{escape(source)}</a>' if page else escape(source)


def person_page(name: str) -> str:
    """The path of the page of the person with this name, if there is one. Empty without the app `profiles`."""
    with suppress(NoReverseMatch):
        return reverse("profiles:person", args=[name])
    return ""
