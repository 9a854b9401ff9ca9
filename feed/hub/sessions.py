"""Ends the connections of users who aren't logged in any more.

A connection is authorised when it opens, and may stay open for days. So every process checks the sessions and tokens of
its open connections every two seconds, a few queries for all of them. A session or a token that was deleted or has
expired, a user who was deactivated: each ends the connections that depend on it. So does a new password, but only those
of sessions.
"""

from collections.abc import Callable, Collection, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from feed import tokens
from feed.batches import batches
from feed.hub.shared_reads import SharedReads
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Credential, Login, Watcher
from feed.refusals import Refusal

SESSIONS = 500
"""Sessions, or tokens, that one read looks up."""


class Sessions:
    """The sessions and the tokens of one hub's watchers."""

    def __init__(self, threads: ReadingThreads) -> None:
        self._threads = threads
        self._watchers: dict[Login, set[Watcher]] = {}
        self._logins = SharedReads(threads, logins_of, SESSIONS)
        self._tokens = SharedReads(threads, tokens.find, SESSIONS)

    async def find(self, credential: Credential) -> Login | None:
        """The login of this session or token, or None if the session has none. Raises Refusal for a token or a ticket
        that isn't valid or may not read."""
        if credential.token is not None:
            return login_by(await self._tokens.get(credential.token) if credential.token else None, tokens.bad_token)
        if credential.ticket is not None:
            return login_by(await self._redeem(credential.ticket), tokens.bad_ticket)
        return await self._logins.get(credential.session)

    async def _redeem(self, ticket: str) -> tokens.Token | None:
        """Not shared: of two clients with the same ticket one gets in."""
        return await self._threads.run(lambda: tokens.redeem(ticket)) if ticket else None

    def add(self, watcher: Watcher) -> None:
        if watcher.login:
            self._watchers.setdefault(watcher.login, set()).add(watcher)

    def discard(self, watcher: Watcher) -> None:
        if watcher.login and (others := self._watchers.get(watcher.login)):
            others.discard(watcher)
            if not others:
                del self._watchers[watcher.login]

    async def check(self) -> None:
        """End the connections of sessions and tokens that have ended. Without the database they stay."""
        logins = list(self._watchers)
        if not logins:
            return
        valid = await self._threads.run(lambda: still_valid(logins))
        for login in set(logins) - valid:
            for watcher in self._watchers.get(login, ()):
                watcher.end(ended(login))


def login_by(token: tokens.Token | None, refusal: Callable[[], Refusal]) -> Login:
    """The login of a valid token that may read. Raises Refusal."""
    if token is None:
        raise refusal()
    token.need("read")
    return Login("", get_user_model()._meta.pk.value_to_string(token.user), "", token.digest)


def ended(login: Login) -> Refusal:
    if login.token:
        return tokens.bad_token()
    return Refusal("session_ended", "This session has ended. Log in again.", 4401)


def logins_of(keys: Iterable[str]) -> dict[str, Login]:
    """The logins of these sessions that are valid now, by session key. At most two queries for 500 sessions."""
    rows = (row for part in batches(keys) for row in open_sessions(part))
    decoded = ((row.session_key, row.get_decoded()) for row in rows)
    logins = [
        Login(key, content[SESSION_KEY], content.get(HASH_SESSION_KEY, ""))
        for key, content in decoded
        if SESSION_KEY in content
    ]
    allowed = of_allowed_users(logins)
    return {login.session: login for login in logins if login in allowed}


def still_valid(logins: Collection[Login]) -> set[Login]:
    """The logins that are still valid. At most three queries for 500 of them."""
    valid = tokens.find(login.token for login in logins if login.token)
    there = {
        key
        for part in batches(login.session for login in logins if not login.token)
        for key in open_sessions(part).values_list("session_key", flat=True)
    }
    of_sessions = [login for login in logins if not login.token and login.session in there]
    return of_allowed_users(of_sessions) | {login for login in logins if login.token in valid}


def session_model() -> Any:
    """The model of the sessions, or None if they aren't in the database or if the project has none."""
    try:
        return _session_model(settings.SESSION_ENGINE)
    except RuntimeError:  # the app of the model isn't installed
        return None


@cache
def _session_model(engine: str) -> Any:
    store = import_module(engine).SessionStore
    return store.get_model_class() if hasattr(store, "get_model_class") else None


def open_sessions(keys: list[str]) -> QuerySet[AbstractBaseSession]:
    sessions: QuerySet[AbstractBaseSession] = session_model().objects.filter(
        session_key__in=keys, expire_date__gt=timezone.now()
    )
    return sessions


def of_allowed_users(logins: Iterable[Login]) -> set[Login]:
    """The logins whose user is active and still has the password that the session was opened with."""
    model = get_user_model()
    by_user: dict[Any, list[Login]] = {}
    for login in logins:
        by_user.setdefault(model._meta.pk.to_python(login.user), []).append(login)
    users = (user for part in batches(by_user) for user in model._default_manager.filter(pk__in=part))
    return {login for user in users if user.is_active for login in by_user[user.pk] if verifies(login, user)}


def verifies(login: Login, user: Any) -> bool:
    """Whether the session was opened with the user's present password and a secret key of this site."""
    if constant_time_compare(login.verifier, user.get_session_auth_hash()):
        return True
    return any(constant_time_compare(login.verifier, old) for old in user.get_session_auth_fallback_hash())
