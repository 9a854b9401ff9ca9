"""Parses HTML into a list of its elements."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Element:
    """text: what follows the start tag directly. form: the form around the element. fields: names, if it is a form."""

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
    """The tags and attribute names. A user's text must not add to them."""
    return [(element.tag, list(element.attributes)) for element in elements(html)]
