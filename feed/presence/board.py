"""What the hubs of all processes tell each other about who is watching. Runs in the calling thread.

Each hub keeps one row, and renews it while somebody watches. A row that isn't renewed doesn't count any more. So a
process that is killed is forgotten in time, without Redis too.
"""

import secrets
import time
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from feed.presence.people import People, merged
from feed.presence.table import Presence

RENEW = 9.0
"""Seconds after which a hub renews its row, although nothing has changed."""
EXPIRY = 22.0
"""Seconds after which a row that wasn't renewed doesn't count. With the time until the others look and send, this is
less than the 30 s in which a killed server has to be forgotten."""


def is_alive() -> Q:
    """By the database's clock, because the clocks of several machines differ."""
    return Q(seen_at__gt=Now() - timedelta(seconds=EXPIRY))


class Reader:
    """Reads the rows of all hubs. Remembers them, and reads only those again that have changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, People]] = {}

    def read(self) -> People:
        return self._merged(dict(self._rows().filter(is_alive()).values_list("hub", "version")))

    def _merged(self, versions: dict[str, int]) -> People:
        known = {hub: known for hub, known in self._known.items() if versions.get(hub) == known[0]}
        if missing := versions.keys() - known.keys():
            known |= self._read_people(missing)
        self._known = known
        return merged(people for _, people in known.values())

    def _read_people(self, hubs: Iterable[str]) -> dict[str, tuple[int, People]]:
        rows = self._rows().filter(hub__in=[*hubs]).values_list("hub", "version", "people")
        return {hub: (version, People.from_json(people)) for hub, version, people in rows}

    def _rows(self) -> QuerySet[Presence]:
        return Presence.objects.all()


class Board(Reader):
    """The row of one hub, and those of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = secrets.token_hex(8)
        self._version = 0
        self._written: People | None = None
        self._renew_at = 0.0

    def exchange(self, own: People) -> People:
        """Tell the others who is watching through this hub. Returns who is watching through all of them."""
        if not own:
            self.leave()
            return own
        self._write(own)
        rows = self._rows().exclude(hub=self.hub).annotate(is_alive=is_alive())
        found = {hub: (version, alive) for hub, version, alive in rows.values_list("hub", "version", "is_alive")}
        if not all(alive for _, alive in found.values()):
            self._rows().exclude(is_alive()).delete()
        others = self._merged({hub: version for hub, (version, alive) in found.items() if alive})
        return merged([own, others])

    def leave(self) -> None:
        """Nobody watches through this hub any more."""
        if self._written is not None:
            self._rows().filter(hub=self.hub).delete()
            self._written = None

    def _write(self, own: People) -> None:
        now = time.monotonic()
        if own == self._written and (now < self._renew_at or self._renew()):
            self._renew_at = self._renew_at if now < self._renew_at else now + RENEW
            return
        self._version += 1
        row = Presence(hub=self.hub, version=self._version, people=own.as_json(), seen_at=Now())
        Presence.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["hub"], update_fields=["version", "people", "seen_at"]
        )
        self._written, self._renew_at = own, now + RENEW

    def _renew(self) -> bool:
        """Whether the row was still there. While a process is frozen, others delete it."""
        return self._rows().filter(hub=self.hub).update(seen_at=Now()) == 1
