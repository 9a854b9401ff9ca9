"""The refusals of tokens."""

from feed.refusals import Refusal


def bad_token() -> Refusal:
    """Doesn't say which of these it is, so an attacker who has found a token learns nothing from trying it."""
    return Refusal("bad_token", "This token isn't valid: it is wrong, has expired, or was revoked.", 4401)


def bad_ticket() -> Refusal:
    return Refusal("bad_ticket", "This ticket isn't valid: it is wrong, was used, or is older than a minute.", 4401)


def missing_scope(scope: str) -> Refusal:
    return Refusal("missing_scope", f"This token doesn't have the scope {scope!r}. Make one that has it.", 4403)
