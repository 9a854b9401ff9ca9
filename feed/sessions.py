"""The sessions of watchers who are logged in: whoever logs out, or may not be logged in any more, stops watching.

A websocket is authorised when it opens, and stays open for days. So the sessions behind the open ones are looked
at again and again, in a few queries for all of them: one that was deleted or has expired, a user who was
deactivated or whose password has changed end the connections that were opened with it, in every process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import Error as DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from feed.batches import batches
from feed.refusals import Refusal

if TYPE_CHECKING:
    from feed.tail import Watcher

INTERVAL = 2.0
"""Seconds between two looks."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Login:
    """A session in which somebody is logged in.

    verifier: what Django makes of the user's password and keeps in the session.
    """

    session: str
    user: str
    verifier: str


class Sessions:
    """Those of one hub's watchers. `query` runs what reads the database in another thread."""

    def __init__(self, query: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self._query = query
        self._watchers: dict[Login, set[Watcher]] = {}
        self._asked: dict[str, asyncio.Future[Login | None]] = {}
        self._finding: asyncio.Task[None] | None = None

    async def find(self, key: str) -> Login | None:
        """Who is logged in with this session, if anybody is. Whoever asks meanwhile shares the next queries."""
        if key not in self._asked:
            self._asked[key] = asyncio.get_running_loop().create_future()
        answer = self._asked[key]
        if self._finding is None:
            self._finding = asyncio.create_task(self._find())
        return await asyncio.shield(answer)

    def add(self, watcher: "Watcher") -> None:
        if watcher.login:
            self._watchers.setdefault(watcher.login, set()).add(watcher)

    def discard(self, watcher: "Watcher") -> None:
        if watcher.login and (others := self._watchers.get(watcher.login)):
            others.discard(watcher)
            if not others:
                del self._watchers[watcher.login]

    async def follow(self) -> None:
        """End the connections of sessions that have ended, for as long as it is asked to."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self.check()
            except DatabaseError as error:  # whoever can't be asked for stays; the hub says what is wrong
                logger.debug("The sessions can't be read: %s", error)

    async def check(self) -> None:
        logins = list(self._watchers)
        if not logins:
            return
        good = await self._query(lambda: still_good(logins))
        for login in set(logins) - good:
            for watcher in self._watchers.get(login, ()):
                watcher.end(Refusal("session_ended", "This session has ended. Log in again.", 4401))

    async def _find(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                await self._answer(asked)
        finally:
            self._finding = None

    async def _answer(self, asked: "dict[str, asyncio.Future[Login | None]]") -> None:
        try:
            found = await self._query(lambda: logins_of(asked))
        except Exception as error:  # noqa: BLE001 (each of those who wait has to hear of it)
            for future in asked.values():
                if not future.done():
                    future.set_exception(error)
        else:
            for key, future in asked.items():
                if not future.done():
                    future.set_result(found.get(key))


def logins_of(keys: Iterable[str]) -> dict[str, Login]:
    """Those of these sessions in which somebody is logged in, as of now. At most two queries for each 500."""
    rows = (row for part in batches(keys) for row in open_sessions(part))
    decoded = ((row.session_key, row.get_decoded()) for row in rows)
    logins = [
        Login(key, content[SESSION_KEY], content.get(HASH_SESSION_KEY, ""))
        for key, content in decoded
        if SESSION_KEY in content
    ]
    allowed = of_allowed_users(logins)
    return {login.session: login for login in logins if login in allowed}


def still_good(logins: Collection[Login]) -> set[Login]:
    """Those whose session is still there and whose user may still use it. At most two queries for each 500."""
    there = {
        key
        for part in batches(login.session for login in logins)
        for key in open_sessions(part).values_list("session_key", flat=True)
    }
    return of_allowed_users([login for login in logins if login.session in there])


def open_sessions(keys: list[str]) -> "QuerySet[AbstractBaseSession]":
    model = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    sessions: QuerySet[AbstractBaseSession] = model.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return sessions


def of_allowed_users(logins: Iterable[Login]) -> set[Login]:
    """Those whose user is active, and has the password that the session was opened with."""
    model = get_user_model()
    by_user: dict[Any, list[Login]] = {}
    for login in logins:
        by_user.setdefault(model._meta.pk.to_python(login.user), []).append(login)
    users = (user for part in batches(by_user) for user in model._default_manager.filter(pk__in=part))
    return {login for user in users if user.is_active for login in by_user[user.pk] if verifies(login, user)}


def verifies(login: Login, user: Any) -> bool:
    """Whether the session was opened with the user's present password, and with a key of this site."""
    if constant_time_compare(login.verifier, user.get_session_auth_hash()):
        return True
    return any(constant_time_compare(login.verifier, old) for old in user.get_session_auth_fallback_hash())
