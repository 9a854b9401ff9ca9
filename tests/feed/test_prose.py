"""Texts: their links, mentions and code. Whatever somebody writes, it stays text, and takes a bounded time."""

import time
from html.parser import HTMLParser

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.prose import FOLDED, inline, mentions_in, pieces, prose, shortened
from tests.support.markup import elements

TRICKY = [
    "http://",
    "https://a.b/",
    "mailto:a@b.c",
    "@bob",
    "`",
    "```",
    "\n",
    "<b>",
    '"',
    "'",
    "&amp;",
    " ",
    "(",
    ")",
    "…",
]
texts = st.lists(st.sampled_from(TRICKY) | st.text(max_size=8), max_size=30).map("".join)


class Content(HTMLParser):
    """What a reader gets to read. Of a link: its title, which is what was written."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self._in_link = "", list[str](), False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        title = dict(attrs).get("title")
        self._in_link = title is not None
        self.text += title or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_link = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._in_link else data


@given(texts)
@settings(max_examples=400, deadline=None)
def test_no_character_of_a_text_is_lost_or_becomes_markup(text: str) -> None:
    found = list(pieces(text))
    assert "".join(piece.source for piece in found) == text
    content = Content(inline(text))
    assert set(content.tags) <= {"a", "code", "pre"}
    assert content.text == "".join(
        piece.value if piece.what in ("code", "block", "link") else piece.source for piece in found
    )
    for element in elements(inline(text)):
        assert element.attributes.keys() <= {"href", "title", "rel", "class"}
        assert element.attributes.get("href", "/").lower().startswith(("http://", "https://", "mailto:", "/"))


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("See https://example.com/a.", "https://example.com/a", "example.com/a"),
        ("(http://example.com/b_(c))", "http://example.com/b_(c)", "example.com/b_(c)"),
        ("HTTPS://example.com/", "HTTPS://example.com/", "example.com"),
        ("http://localhost:8000/x?y=1&z", "http://localhost:8000/x?y=1&z", "localhost:8000/x?y=1&z"),
        ("mailto:alice@example.com!", "mailto:alice@example.com", "alice@example.com"),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/", "evil.example"),
    ],
)
def test_an_address_is_a_link_that_no_search_engine_follows(text: str, href: str, shown: str) -> None:
    (link,) = (each for each in elements(prose(text)) if each.tag == "a")
    assert link.attributes == {"href": href, "title": href, "rel": "nofollow noopener ugc"}
    assert link.text == shown


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,<b>",
        "ftp://a.b/c",
        "//example.com/",
        "settings.py and example.com",
        "alice@example.com",
        "`https://example.com/`",
        "https://example.com/\u202egpj.exe",
    ],
)
def test_nothing_else_is_a_link(text: str) -> None:
    assert "<a " not in prose(text)


def test_a_long_address_is_shortened_and_a_long_host_keeps_its_end() -> None:
    assert shortened("https://example.com/" + "x" * 90) == "example.com/" + "x" * 27 + "…"
    assert shortened("https://" + "bank." * 20 + "evil.example/x").endswith(".evil.example")
    assert all(len(shortened(f"https://{'a' * size}.example/b")) <= 40 for size in range(1, 60))


def test_line_breaks_and_code_stay() -> None:
    assert inline("a\nb") == "a\nb"
    assert inline("run `rm <x>`, not ``x``") == "run <code>rm &lt;x&gt;</code>, not ``x``"
    assert inline("so:\n```py\nif a:\n    b\n```\nyes") == "so:\n<pre><code>if a:\n    b\n</code></pre>yes"
    assert inline("```\nnever closed") == "```\nnever closed"


def test_a_mention_leads_to_the_persons_page() -> None:
    assert inline("@bob, hi") == '<a class="mention" href="/people/bob/">@bob</a>, hi'
    with override_settings(ROOT_URLCONF="feed.urls"):  # without profiles
        assert inline("@bob, hi") == "@bob, hi"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@bob and @Carol. (@al.ice-x) @bob's", ["bob", "Carol", "al.ice-x"]),
        ("@anna@example.org!", ["anna@example.org"]),
        ("bob@example.com https://a.example/@bob `@bob` @ @@bob", []),
        ("```\n@bob\n```\n@jürgen", ["jürgen"]),
        (" ".join(f"@p{number}" for number in range(30)), [f"p{number}" for number in range(20)]),
        ("@" + "x" * 151, []),
    ],
)
def test_who_is_mentioned(text: str, names: list[str]) -> None:
    assert mentions_in(text) == names


@pytest.mark.parametrize(
    ("text", "folds"), [("x" * 600, False), ("x" * 601, True), ("a\n" * 11, False), ("a\n" * 12, True)]
)
def test_a_long_text_can_be_unfolded(text: str, folds: bool) -> None:
    assert (FOLDED in prose(text)) == folds


HOSTILE = [
    "http://", "https://a", "http://a.b ", "http://a:b@", "mailto:", "mailto:a@b ", "@a ", "@a.", "@", "a@a.", "`a",
    "`", "```\n", "```a\n", "\n", "&;", "<", "a.", ":", "(", "http://a.b/(", '"', "http://a.b/'",
]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_a_few_milliseconds(part: str) -> None:
    for size in (2000, 100_000):
        text = (part * size)[:size]
        prose(text[:2000])  # compiled
        assert fastest(text) < 0.03 * max(1, size / 10_000)


def test_a_usual_text_takes_far_less_than_a_millisecond() -> None:
    assert (
        fastest("Hello @bob, version 2 is out: https://example.com/releases/2. Get it by `pip install`.\n" * 3) < 0.001
    )


def fastest(text: str) -> float:
    """Seconds of this thread, in the fastest of some runs: the machine may be busy."""
    taken = []
    for _ in range(5):
        began = time.thread_time()
        prose(text)
        taken.append(time.thread_time() - began)
    return min(taken)
