"""Tickets: how a page of another site opens a websocket without a token in the browser, or a secret in the URL.

A program exchanges its token for a ticket, and gives that to the page. It opens one websocket within a minute; the
connection then depends on the token. Only a digest is kept.
"""

import re
import secrets
from datetime import timedelta

from django.db import models
from django.utils import timezone

from feed.tokens.secret import digest
from feed.tokens.table import Token
from feed.tokens.validity import find

LIFETIME = timedelta(minutes=1)
MAX_TICKETS = 1000
"""Unused tickets that a token may have."""
PATTERN = re.compile(r"[0-9A-Za-z_-]{43}", re.ASCII)


class Ticket(models.Model):
    digest = models.CharField(max_length=64, primary_key=True)
    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "feed"

    def __str__(self) -> str:
        return f"ticket of {self.token_id} until {self.expires_at:%H:%M:%S}"


def issue_ticket(token: Token) -> str | None:
    """A new ticket, or None if the token has too many that weren't used."""
    now = timezone.now()
    Ticket.objects.filter(expires_at__lte=now).delete()
    if Ticket.objects.filter(token=token).count() >= MAX_TICKETS:
        return None
    ticket = secrets.token_urlsafe(32)
    Ticket.objects.create(digest=digest(ticket), token=token, expires_at=now + LIFETIME)
    return ticket


def digest_of_ticket(ticket: str) -> str:
    """ "" for what can't be a ticket."""
    return digest(ticket) if PATTERN.fullmatch(ticket) else ""


def redeem(ticket: str) -> Token | None:
    """The valid token that the ticket with this digest is for, or None. Of two callers, one gets it."""
    found = Ticket.objects.filter(digest=ticket, expires_at__gt=timezone.now()).select_related("token").first()
    # Not in a transaction: on SQLite it would wait for the writer, and anybody can send a wrong ticket.
    if found is None or not Ticket.objects.filter(digest=ticket).delete()[0]:
        return None
    return find([found.token.digest]).get(found.token.digest)
