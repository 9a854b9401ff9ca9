"""Access tokens for tests, and code for a server's shell: making one, and every way in which one can end."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User

from feed import tokens
from tests.support.servers import Server

ISSUE = """
from feed import tokens
user = User.objects.get_or_create(username={name!r})[0]
print(tokens.issue(user, {label!r}, {scopes!r})[1], end="")
"""
EXPIRE = """
from django.utils import timezone
Token.objects.filter(name={name!r}).update(expires_at=timezone.now())
"""
ENDS = {
    "revoked": "Token.objects.get(name={name!r}).delete()",
    "revoked_by_command": """
from django.core.management import call_command
call_command("token", revoke=Token.objects.get(name={name!r}).pk)
""",
    "token_expired": EXPIRE,
    "user_deactivated": "User.objects.filter(username={name!r}).update(is_active=False)",
    "user_gone": "User.objects.get(username={name!r}).delete()",
}
"""Code for each way. It takes the user's name, which is the token's, too."""


def issue(user: User, *scopes: str, **options: Any) -> str:
    """The secret of a new token, good for everything if no scopes are given."""
    return tokens.issue(user, "test", scopes or tuple(tokens.SCOPES), **options)[1]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def issue_on(server: Server, name: str, label: str = "", scopes: Sequence[str] = ("read",)) -> str:
    """The secret of a new token, of a user with this name. The token has the label, or else the same."""
    return server.shell(ISSUE.format(name=name, label=label or name, scopes=list(scopes)))
