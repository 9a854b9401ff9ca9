"""Who is watching, each person once."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.utils.crypto import salted_hmac

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class People:
    """
    users: the keys of those who are logged in.
    visitors: names of browsers in which nobody is logged in; see `visitor_named`.
    others: connections of browsers that can't be told apart.
    """

    users: frozenset[str] = field(default=NOBODY)
    visitors: frozenset[str] = field(default=NOBODY)
    others: int = 0

    def __len__(self) -> int:
        return len(self.users) + len(self.visitors) + self.others

    def with_one_more(self, user: str = "", visitor: str = "") -> "People":
        """The people with this one, who is counted once."""
        if user:
            return replace(self, users=self.users | {user})
        if visitor:
            return replace(self, visitors=self.visitors | {visitor})
        return replace(self, others=self.others + 1)

    def as_json(self) -> dict[str, Any]:
        return {"users": sorted(self.users), "visitors": sorted(self.visitors), "others": self.others}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        return cls(frozenset(row["users"]), frozenset(row["visitors"]), row["others"])


def merged(hubs: Iterable[People]) -> People:
    """The people of several hubs. A person who watches through two of them is counted once."""
    found = [*hubs]
    return People(
        NOBODY.union(*(people.users for people in found)),
        NOBODY.union(*(people.visitors for people in found)),
        sum(people.others for people in found),
    )


def visitor_named(csrf_cookie: str | None) -> str:
    """The name of a browser in which nobody is logged in, or "". All its tabs have the same CSRF cookie, if any.

    A hash, because the cookie itself is a secret of the browser.
    """
    return salted_hmac("feed.presence", csrf_cookie).hexdigest()[:16] if csrf_cookie else ""
