"""Which tokens are valid now."""

from collections.abc import Iterable

from feed.batches import batches
from feed.tokens.last_use import note_use
from feed.tokens.table import Token


def find(digests: Iterable[str]) -> dict[str, Token]:
    """The valid tokens with these digests, with their users. One query for 500 of them.

    A token is valid until it is revoked or expires, or its user is deactivated. Looking it up is using it.
    """
    parts = (Token.objects.unexpired().with_users().filter(digest__in=part) for part in batches(digests))
    found = {token.digest: token for part in parts for token in part if token.user.is_active}
    note_use(found.values())
    return found
