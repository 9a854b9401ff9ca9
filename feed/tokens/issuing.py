"""Making tokens."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from feed.tokens.secret import digest, new_secret
from feed.tokens.table import SCOPES, Token

MAX_TOKENS = 50
"""Tokens that a user may have."""


class TooManyTokens(ValidationError):
    def __init__(self) -> None:
        super().__init__(f"You have {MAX_TOKENS} tokens. Revoke one that you don't need.", code="too_many")


def issue(user: Any, name: str, scopes: Collection[str], days: float | None = None) -> tuple[Token, str]:
    """Make a token. Returns it with its secret, which can't be had again. Raises TooManyTokens, and ValueError for
    scopes that don't exist.

    days: after which it expires.
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"A token has one or more of the scopes {', '.join(SCOPES)}, not {', '.join(scopes)!r}.")
    if Token.objects.of(user).count() >= MAX_TOKENS:
        raise TooManyTokens
    secret = new_secret()
    token = Token.objects.create(
        user=user,
        name=name,
        digest=digest(secret),
        scopes=[scope for scope in SCOPES if scope in scopes],
        expires_at=_after(days),
    )
    return token, secret


def _after(days: float | None) -> datetime | None:
    return None if days is None else timezone.now() + timedelta(days=days)
