"""Parses the frames of all formats into the same objects. No I/O.

Most watchers receive equal frames, and different frames share rows, so parsed texts are cached.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, Literal

FormatName = Literal["json", "html", "events"]
"""JSON and HTML over the websocket, and JSON as server-sent events."""

SOCKET_FORMATS: tuple[FormatName, ...] = ("json", "html")

NEVER = "never committed"
"""The prefix of texts that are rolled back, and that no watcher may see."""
CACHE_SIZE = 20_000
"""Parsed texts to keep."""


@dataclass(frozen=True, slots=True)
class Row:
    """What both formats and the database have of an event. `text` is None for a kind without one."""

    kind: str
    user: str
    text: str | None
    edited: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One change in a frame. `row` is None for a deletion; `position` is None in the html format."""

    event_id: int
    action: str
    row: Row | None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A changes frame, a reset or an error. `after` is None in the html format."""

    type: str
    position: int
    after: int | None = None
    log: str | None = None
    shown: tuple[Shown, ...] = ()
    reason: str = ""


def parse(form: FormatName, text: str) -> Frame:
    return PARSERS[form](text)


@lru_cache(CACHE_SIZE)
def parse_json(text: str) -> Frame:
    frame: dict[str, Any] = json.loads(text)
    if frame["type"] == "error":
        return Frame("error", -1, reason=f"{frame['code']}: {frame['message']}")
    shown = tuple(_shown(change) for change in frame.get("changes", ()))
    return Frame(
        frame["type"], frame["position"], frame.get("after"), frame["log"], shown, reason=frame.get("reason", "")
    )


def _shown(change: dict[str, Any]) -> Shown:
    event, action = change["event"], change["action"]
    row = None if action == "deleted" else row_of(event)
    return Shown(event["id"], action, row, change["position"])


def row_of(event: dict[str, Any]) -> Row:
    """The row of an event in the json format or in a snapshot."""
    return Row(event["kind"], event["user"], event.get("text"), event["edited_at"] is not None)


CHANGE_END = "</hx-partial>"


@lru_cache(CACHE_SIZE)
def parse_html(text: str) -> Frame:
    """A frame for htmx: a fragment for each change, and at the end the cursor or the refusal."""
    *changes, end = text.split(CHANGE_END)
    words = _parse_end(end)
    if "cursor" not in words:
        return Frame("error", -1, reason=words.get("refusal", end))
    kind = "reset" if "reset" in words else "changes"
    shown = tuple(map(_parse_change, changes))
    return Frame(kind, int(words["cursor"]), log=words.get("log"), shown=shown, reason=words.get("reset", ""))


PARSERS: dict[FormatName, Callable[[str], Frame]] = {"json": parse_json, "html": parse_html, "events": parse_json}


class _Elements(HTMLParser):
    """The elements of a fragment: their tags, their attributes, and their own text under the key ""."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._open: list[dict[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = {name: value or "" for name, value in attributes} | {"": ""}
        self.found.append((tag, element))
        if tag != "input":
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][""] += data


ACTIONS = {"prepend": "created", "outerMorph": "updated", "delete": "deleted"}


@lru_cache(CACHE_SIZE)
def _parse_change(fragment: str) -> Shown:
    elements = _Elements(fragment).found
    row = next((_row(elements) for tag, _ in elements if tag == "article"), None)
    action = next(ACTIONS[element["hx-swap"]] for tag, element in elements if tag == "hx-partial")
    target = next(id for _, element in elements for id in _event_ids(element))
    return Shown(target, action, row)


def _event_ids(element: dict[str, str]) -> list[int]:
    targets = f"{element.get('hx-target', '')} #{element.get('id', '')}"
    return [int(key) for key in re.findall(r"#event-(\d+)(?!\S)", targets)]


def _row(elements: list[tuple[str, dict[str, str]]]) -> Row:
    article = next(element for tag, element in elements if tag == "article")
    classes = [(element.get("class"), element[""]) for _, element in elements]
    text = next((text for name, text in classes if name == "text"), None)
    return Row(article["class"].split()[1], article["data-user"], text, any(name == "edited" for name, _ in classes))


def _parse_end(fragment: str) -> dict[str, str]:
    """The `cursor`, the `log`, the reason of a `reset`, and the message of a `refusal`, where there is one."""
    words: dict[str, str] = {}
    for tag, element in _Elements(fragment).found:
        if tag == "input":
            words[element["id"]] = element["value"]
        elif "data-reason" in element:
            words["reset"] = element["data-reason"]
        elif element.get("id") == "refusal":
            words["refusal"] = element[""]
    return words
