"""What users may see: the present events after each commit, as the model says and as the database has them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from feed.frames.describe import describe
from feed.frames.rows import render_row
from feed.models import Event
from tests.machine.model import Change, Post, alive, audiences

State = dict[int, Any]
"""What a client shows: events by their ids, in the client's format."""
FORMATS = ("json", "html")


class Leaked(AssertionError):
    """A client was sent a state of an event that its user could see at no time."""


class Sight:
    """Looks at the events after each commit, and remembers in which states each user could see them."""

    def __init__(self, users: Iterable[str]) -> None:
        self._audiences = dict.fromkeys(["", *users], frozenset[str]())
        self._posts: list[Post] = []
        self._states: dict[str, State] = {}
        self._could_see: defaultdict[tuple[str, str, int], list[Any]] = defaultdict(list)

    def look(self, committed: Sequence[Change]) -> None:
        """Look at the events after a commit. Asserts that they are as the model says."""
        events = list(Event.objects.with_users().order_by("pk"))
        self._posts = alive(committed)
        assert [as_post(event) for event in events] == self._posts
        self._audiences = {user: audiences(committed, user) for user in self._audiences}
        self._states = {name: {event.pk: look(name, event) for event in events} for name in FORMATS}
        for user, seen in self._audiences.items():
            self._remember(user, [post.id for post in self._posts if post.audience in seen])

    def _remember(self, user: str, keys: Iterable[int]) -> None:
        for name, states in self._states.items():
            for key in keys:
                known = self._could_see[user, name, key]
                if not known or known[-1] != states[key]:
                    known.append(states[key])

    def shown(self, user: str, format_name: str, streams: frozenset[str]) -> State:
        """What a client of the user must show."""
        states, seen = self._states[format_name], self._audiences[user]
        return {post.id: states[post.id] for post in self._posts if post.audience in seen and post.is_in(streams)}

    def check(self, user: str, format_name: str, key: int, state: Any) -> None:
        if state not in self._could_see[user, format_name, key]:
            raise Leaked(f"{user or 'Nobody'} was sent event {key} in a state that this user could never see.")


def as_post(event: Event) -> Post:
    reply_to = getattr(event, "reply_to_id", None)
    return Post(event.pk, event.kind, event.author_name, event.in_thread, event.audience, reply_to)


def look(format_name: str, event: Event) -> Any:
    """The event in this format."""
    described = msgspec.json.encode(describe(event))
    return row(described, event) if format_name == "html" else json.loads(described)


@lru_cache(maxsize=500)
def row(described: bytes, event: Event) -> str:
    """Cached for each state of the event, because rendering is slow."""
    return own_part(render_row(event))


BESIDE = re.compile(
    r'<span class="others">.*?</span>|<span class="did">.*?</span>|<blockquote.*?</blockquote>|<footer>.*?</footer>',
    re.DOTALL,
)


def own_part(html: str) -> str:
    """The row without what it shows beside its event, which changes with other events."""
    return BESIDE.sub("", html)
