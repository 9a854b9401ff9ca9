"""What the hubs of all processes tell each other about who is watching. Runs in the calling thread.

Each hub keeps one row while somebody watches; see `feed.expiring`.
"""

import time
from collections.abc import Iterable

from feed.expiring import OwnRow, is_alive
from feed.presence.people import People, merged
from feed.presence.table import Presence

RENEW = 9.0
"""Seconds after which a hub renews its row, although nothing has changed."""


class Reader:
    """Reads the rows of all hubs. Remembers them, and reads only those again that have changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, People]] = {}

    def read(self) -> People:
        return self._merged(dict(Presence.objects.filter(is_alive()).values_list("hub", "version")))

    def _merged(self, versions: dict[str, int]) -> People:
        known = {hub: known for hub, known in self._known.items() if versions.get(hub) == known[0]}
        if missing := versions.keys() - known.keys():
            known |= self._read_people(missing)
        self._known = known
        return merged(people for _, people in known.values())

    def _read_people(self, hubs: Iterable[str]) -> dict[str, tuple[int, People]]:
        rows = Presence.objects.filter(hub__in=[*hubs]).values_list("hub", "version", "people")
        return {hub: (version, People.from_json(people)) for hub, version, people in rows}


class Board(Reader):
    """The row of one hub, and those of the others."""

    def __init__(self) -> None:
        super().__init__()
        self._row = OwnRow(Presence)
        self.hub = self._row.hub
        self._version = 0
        self._written: People | None = None
        self._renew_at = 0.0

    def exchange(self, own: People) -> People:
        """Tell the others who is watching through this hub. Returns who is watching through all of them."""
        if not own:
            self.leave()
            return own
        self._write(own)
        rows = self._row.others().annotate(is_alive=is_alive())
        found = {hub: (version, alive) for hub, version, alive in rows.values_list("hub", "version", "is_alive")}
        if not all(alive for _, alive in found.values()):
            self._row.delete_expired()
        others = self._merged({hub: version for hub, (version, alive) in found.items() if alive})
        return merged([own, others])

    def leave(self) -> None:
        """Nobody watches through this hub any more."""
        self._row.leave()
        self._written = None

    def _write(self, own: People) -> None:
        now = time.monotonic()
        if own == self._written and (now < self._renew_at or self._row.renew()):
            self._renew_at = self._renew_at if now < self._renew_at else now + RENEW
            return
        self._version += 1
        self._row.write(version=self._version, people=own.as_json())
        self._written, self._renew_at = own, now + RENEW
