"""What the users of a hub's watchers may see.

A user's audiences are asked for when the first private event may concern the user, and again after each change of
access. Where all is public, nothing is asked.
"""

import asyncio
from collections.abc import Iterable

from feed import streams
from feed.hub.shared_reads import SharedReads
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import ANYBODY, Access, Login, Watcher

USERS = 50
"""Users that one read asks for. Each takes a query or more."""


class Audiences:
    def __init__(self, threads: ReadingThreads) -> None:
        self._reads = SharedReads(threads, streams.audiences_of_keys, USERS)
        self._users: dict[str, Access] = {}

    def access_of(self, login: Login | None) -> Access:
        """The access of the session's user, from now on up to date."""
        return self._users.setdefault(login.user, Access(login.user)) if login else ANYBODY

    async def of_user(self, user: str) -> frozenset[str]:
        """What the user may see now. Users who connect at the same time share the queries."""
        return (await self._reads.get(user) if user else None) or streams.ONLY_PUBLIC

    def add(self, watcher: Watcher) -> None:
        if watcher.login:
            watcher.access = self.access_of(watcher.login)  # the last watcher of the user may have left meanwhile
            watcher.access.watchers.add(watcher)

    def discard(self, watcher: Watcher) -> None:
        watcher.access.watchers.discard(watcher)
        if not watcher.access.watchers:
            self._users.pop(watcher.access.user, None)

    def forget_all(self) -> None:
        self.changed(self._users)

    def changed(self, users: Iterable[str]) -> list[Watcher]:
        """Forget what these users may see. Returns their watchers."""
        found = [access for user in users if (access := self._users.get(user))]
        for access in found:
            access.audiences = None
            access.changes += 1
        return [watcher for access in found for watcher in access.watchers]

    def lookup(self, access: Access) -> asyncio.Task[None]:
        """The task that asks for the audiences of the user."""
        if access.lookup is None or access.lookup.done():
            access.lookup = asyncio.create_task(self._ask(access))
        return access.lookup

    async def _ask(self, access: Access) -> None:
        """If that fails, the user's watchers have to come back."""
        try:
            while access.audiences is None:
                changes = access.changes
                found = await self._reads.get(access.user)
                if changes == access.changes:
                    access.audiences = found
        except Exception as error:  # noqa: BLE001 (the consumers of these watchers raise it)
            for watcher in access.watchers:
                watcher.end(error)
