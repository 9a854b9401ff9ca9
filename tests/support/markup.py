"""HTML as a browser reads it, as far as tests ask: the elements in their order."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Element:
    """`text` is what stands right behind the start tag; `form` the form that it is in."""

    tag: str
    attributes: dict[str, str]
    form: "Element | None" = None
    text: str = ""
    fields: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._form: Element | None = None
        self._opened = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._form)
        self.elements.append(element)
        self._opened = True
        if tag == "form":
            self._form = element
        elif self._form and "name" in element.attributes:
            self._form.fields.add(element.attributes["name"])

    def handle_endtag(self, tag: str) -> None:
        self._opened = False
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._opened:
            self.elements[-1].text += data


def elements(html: str) -> list[Element]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.elements


def skeleton(html: str) -> list[tuple[str, list[str]]]:
    """All that is markup: what somebody has written must not add to it."""
    return [(element.tag, list(element.attributes)) for element in elements(html)]
