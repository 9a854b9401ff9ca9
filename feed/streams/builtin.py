"""The streams and the audience that every feed has."""

from collections.abc import Collection, Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import F, OuterRef, Q, Subquery

from feed import people
from feed.kinds.kind import root_model
from feed.numbers import parse_number
from feed.refusals import Refusal
from feed.streams.stream import Audience, Stream

RETRY_AFTER = 5
"""Seconds after which this server may know a kind that another release has already."""


class Public(Stream):
    """`public`: every event, to each watcher those that its user may see."""

    prefix = "public"

    def accepts(self, key: str) -> bool:
        return not key

    def keys_of(self, event: Any) -> Iterable[object]:
        return ("",)

    def events(self, key: str) -> Q:
        return Q()


class OfPerson(Audience):
    """An audience that a user's name is the key of: it is that user's, who is in it.

    Its events go with the name if the user is renamed, and are deleted with the user.
    """

    def keys_to_post(self, user: Any) -> Iterable[object]:
        return _named(user)

    def others(self, user: Any) -> Iterable[Any]:
        """The others who are in the user's audience."""
        return ()


class Only(OfPerson):
    """`only:NAME`: what a user alone may see."""

    prefix = "only"

    def keys_for(self, user: Any) -> Iterable[object]:
        return _named(user)

    def label(self, key: str) -> str:
        return "Only you"


class OfUser(Stream):
    """`user:NAME`: what a user did."""

    prefix = "user"

    def keys_of(self, event: Any) -> Iterable[object]:
        return _named(event.user)

    def events(self, key: str) -> Q:
        return Q((f"user__{people.name_field()}", key))

    def conditions(self, keys: Iterable[str]) -> list[Q]:
        # By the key of the user, which an index has together with the ids.
        return [Q(user=key) for key in people.named(keys).values()]

    def busiest(self, keys: list[str], among: Any, size: int) -> Iterable[str]:
        """One look at an index for each user, instead of a part of the union."""
        field = people.name_field()
        newest = among.filter(user=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        users = get_user_model()._default_manager.filter(**{f"{field}__in": keys}).annotate(newest=Subquery(newest))
        return map(str, users.order_by(F("newest").desc(nulls_last=True)).values_list(field, flat=True)[:size])

    def missing(self, keys: Iterable[str], audiences: Collection[str]) -> set[str]:
        return {*keys} - people.named(keys).keys()


class OfKind(Stream):
    """`kind:NAME`: the events of a kind."""

    prefix = "kind"

    def accepts(self, key: str) -> bool:
        return len(key) <= 100 and key.isidentifier() and key == key.lower()

    def keys_of(self, event: Any) -> Iterable[object]:
        return (event.kind,)

    def events(self, key: str) -> Q:
        return Q(kind=key)

    def missing(self, keys: Iterable[str], audiences: Collection[str]) -> set[str]:
        unknown = {key for key in keys if self.needs_query(key)}
        for key in unknown:
            if _is_known_elsewhere(key):
                message = f"This server can't serve the stream 'kind:{key}' yet. Try again."
                raise Refusal("not_here_yet", message, None, retry_after=RETRY_AFTER)
        return unknown

    def needs_query(self, key: str) -> bool:
        return key not in root_model().kinds()


class OfThread(Stream):
    """`thread:ID`: an event, and the comments on it and reactions to it."""

    prefix = "thread"

    def accepts(self, key: str) -> bool:
        return bool(parse_number(key)) and not key.startswith("0")

    def keys_of(self, event: Any) -> Iterable[object]:
        return {event.id, *event.in_threads}

    def events(self, key: str) -> Q:
        others = (Q((lookup, int(key))) for lookup in root_model().thread_lookups())
        return Q(Q(pk=int(key)), *others, _connector=Q.OR)

    def missing(self, keys: Iterable[str], audiences: Collection[str]) -> set[str]:
        visible = root_model().rows.filter(pk__in=[int(key) for key in keys], audience__in=audiences)
        return {*keys} - {str(pk) for pk in visible.values_list("pk", flat=True)}


def _named(user: Any) -> Iterable[str]:
    name = people.name_of(user)
    return () if name is None else (name,)


def _is_known_elsewhere(kind: str) -> bool:
    """Whether another release has such a kind: there are events of it, or a content type of its model."""
    if root_model().rows.filter(kind=kind).exists():
        return True
    if not apps.is_installed("django.contrib.contenttypes"):
        return False
    content_types: Any = apps.get_model("contenttypes", "ContentType")
    return bool(content_types.objects.filter(model=kind.replace("_", "")).exists())
