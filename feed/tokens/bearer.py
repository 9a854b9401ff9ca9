"""The token in a header `Authorization`."""

from feed.tokens.refused import bad_token
from feed.tokens.secret import digest, is_secret
from feed.tokens.table import Token
from feed.tokens.validity import find

SCHEME = "bearer"


def digest_in(header: str | None) -> str | None:
    """The digest of the token in this header, or "" if it has none that can be valid. None if the header says nothing
    about tokens: it is absent, or of another scheme."""
    text = (header or "").strip()
    if not text.lower().startswith(SCHEME):
        return None
    scheme, *rest = text.split()
    secret = rest[0] if scheme.lower() == SCHEME and len(rest) == 1 else ""
    return digest(secret) if is_secret(secret) else ""


def authenticate(header: str | None) -> Token | None:
    """The valid token in this header, with its user, in one query. None if the header says nothing about tokens. Raises
    Refusal for any other: a wrong token never counts as anonymous."""
    wanted = digest_in(header)
    if wanted is None:
        return None
    token = find([wanted]).get(wanted) if wanted else None
    if token is None:
        raise bad_token()
    return token
