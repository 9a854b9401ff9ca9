"""What the front page shows: streams, as on the websocket, and some of their kinds.

/?stream=kind:comment&stream=user:alice     comments, and all that alice does
/?stream=user:alice&kinds=comment           only alice's comments
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language

from feed import people, streams
from feed.log import PUBLIC
from feed.models import Event
from feed.rendering import rendered

KIND = "kind:"
USER = "user:"


class Choice(NamedTuple):
    """
    query: of the URL of the page that is shown after a click.
    """

    label: str
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """
    names: the streams to show and to watch.
    kinds: only events of these kinds are shown, if there are any. Then `names` are other streams than `kind:` and
        `public`.
    """

    names: frozenset[str] = streams.ONLY_PUBLIC
    kinds: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        """Raises Refusal for what can't be a stream or a kind."""
        names = streams.parse(query.getlist("stream"))
        of_kinds = frozenset(KIND + kind for kind in query.getlist("kinds"))
        if of_kinds:
            streams.parse(of_kinds)
        return cls._of(names, frozenset(name.removeprefix(KIND) for name in of_kinds))

    @classmethod
    def _of(cls, names: Iterable[str], kinds: Iterable[str]) -> Self:
        names, kinds = frozenset(names) or streams.ONLY_PUBLIC, frozenset(kinds)
        if kinds and PUBLIC in names:
            return cls(frozenset(KIND + kind for kind in kinds))
        return cls(names, kinds)

    def check(self, user: object) -> None:
        """Raise Refusal if a stream or a kind doesn't exist, or isn't open to the user."""
        if self.is_set:
            streams.check({*self.names, *(KIND + kind for kind in self.kinds)}, streams.audiences_of(user))

    @property
    def is_set(self) -> bool:
        return self != Filter()

    @property
    def folds(self) -> bool:
        """Whether one row stands for others. A page of a kind or a person shows each event."""
        return not self.kinds and not any(name.startswith((KIND, USER)) for name in self.names)

    @property
    def query(self) -> str:
        return "?" + urlencode({"stream": sorted(self.names - {PUBLIC}), "kinds": sorted(self.kinds)}, doseq=True)

    @property
    def html(self) -> SafeString:
        """The choice, as the page shows it. Kept, because the front page shows the same to nearly everybody."""
        shape = self, tuple(Event.kinds()), get_script_prefix(), get_language()
        return _html.__wrapped__(*shape) if settings.DEBUG else _html(*shape)

    @property
    def topics(self) -> frozenset[str]:
        """The streams that are no kinds: people, audiences, threads."""
        return frozenset(name for name in self.names if name != PUBLIC and not name.startswith(KIND))

    @property
    def chosen_kinds(self) -> frozenset[str]:
        """Beside another stream, `kind:` is one more stream, and chooses nothing among the others."""
        return self.kinds if self.topics else frozenset(n.removeprefix(KIND) for n in self.names if n.startswith(KIND))

    def by_kind(self) -> Sequence[Choice]:
        """The kinds, each with what one more click on it does."""
        chosen = self.chosen_kinds
        labels = sorted((_plural(kind), name) for name, kind in Event.kinds().items() if _is_listed(kind))
        return [Choice(label, self._with_kinds(chosen ^ {name}).query, name in chosen) for label, name in labels]

    def without_kinds(self) -> Choice:
        return Choice("Everything", self._with_kinds(()).query, not self.chosen_kinds)

    def _with_kinds(self, kinds: Iterable[str]) -> "Filter":
        return Filter._of(self.names if self.topics else (), kinds)

    def by_stream(self) -> Sequence[Choice]:
        """The chosen streams that aren't shown as kinds, each with what is left without it."""
        tabs = {each.prefix for each in streams.personal(self.names)}
        shown = self.names - {PUBLIC} - tabs if self.topics else ()
        return [Choice(_label(name), self._without(name).query, True) for name in sorted(shown)]

    def _without(self, name: str) -> "Filter":
        return Filter._of(self.names - {name}, self.kinds)

    def of_person(self, name: str) -> "Filter | None":
        """This filter with one more person. None if there is nobody with this name."""
        found = people.called(name)
        return Filter._of(self.topics | {USER + found}, self.chosen_kinds) if found else None


@lru_cache(200)
def _html(chosen: Filter, *shape: object) -> SafeString:
    return rendered("feed/filters.html", {"filter": chosen})


def _is_listed(kind: type[Event]) -> bool:
    """Whether pages have rows of this kind, for everybody."""
    return kind is not Event and kind.is_choice and not kind.is_quiet


def _plural(kind: Any) -> str:
    return capfirst(str(kind._meta.verbose_name_plural))


def _label(name: str) -> str:
    _, _, key = name.partition(":")
    if name.startswith(KIND) and key in Event.kinds():
        return _plural(Event.kinds()[key])
    return key if name.startswith(USER) else capfirst(streams.label(name))
