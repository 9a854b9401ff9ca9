from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed import tokens
from feed.people import name_field, name_of


class Command(BaseCommand):
    help = (
        "Make an access token for a user, and print it: only now, because only its digest is kept."
        " Or list tokens, or revoke one, which ends its connections within seconds."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", nargs="?", metavar="NAME", help="the public name of the user")
        parser.add_argument("--name", default="manage.py", help="what the token is called (default: manage.py)")
        scopes = ",".join(tokens.SCOPES)
        parser.add_argument("--scopes", default="read", help=f"what it is good for, such as {scopes} (default: read)")
        parser.add_argument("--days", type=float, help="days after which it expires (default: never)")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--list", action="store_true", help="list the tokens of the user, or without NAME all")
        what.add_argument("--revoke", type=int, metavar="ID", help="revoke the token with this id")

    def handle(self, *, user: str | None, revoke: int | None, **options: Any) -> None:
        if revoke is not None:
            self.revoke(revoke, user)
        elif options["list"]:
            self.list(tokens.Token.objects.of(found(user)) if user else tokens.Token.objects.newest())
        elif user:
            self.issue(found(user), **options)
        else:
            raise CommandError("Name the user who the token is for, or give --list or --revoke ID.")

    def issue(self, user: Any, *, name: str, scopes: str, days: float | None, **_: Any) -> None:
        """Only the secret goes to stdout, so that a script can read it."""
        if days is not None and not 0 < days <= 36500:
            raise CommandError(f"--days must be above 0 and at most 36500, not {days:g}.")
        if not 0 < len(name) <= 100:
            raise CommandError("--name must have 1 to 100 characters.")
        try:
            token, secret = tokens.issue(user, name, [each.strip() for each in scopes.split(",")], days)
        except (ValueError, ValidationError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from None
        self.stderr.write(f"Token {token.pk} of {name_of(user)}: {token}. This is the only time it is shown:")
        self.stdout.write(secret)

    def list(self, found: tokens.TokenQuerySet) -> None:
        row = "{:>6} {:<20} {:<24} {:<12} {:<17} {}"
        self.stdout.write(row.format("ID", "user", "name", "scopes", "last used", "expires"))
        for token in found.select_related("user"):
            times = (shown(token.last_used_at), shown(token.expires_at))
            self.stdout.write(
                row.format(token.pk, str(name_of(token.user)), token.name, ",".join(token.scopes), *times)
            )

    def revoke(self, pk: int, user: str | None) -> None:
        revocable = tokens.Token.objects.of(found(user)) if user else tokens.Token.objects.all()
        if not revocable.filter(pk=pk).delete()[0]:
            raise CommandError(f"There is no token {pk}{f' of {user}' if user else ''}. See --list.")
        self.stdout.write(f"Token {pk} is revoked.")


def found(name: str) -> Any:
    try:
        return get_user_model()._default_manager.get(**{name_field(): name})
    except get_user_model().DoesNotExist:
        raise CommandError(f"There is no user {name!r}.") from None


def shown(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "never"
