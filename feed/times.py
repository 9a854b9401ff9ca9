"""Times that mean the same moment on every site. With USE_TZ off, Django's times have no zone, and mean TIME_ZONE."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """An aware time, unlike Django's `now` with USE_TZ off."""
    return datetime.now(UTC)


def in_utc(at: datetime) -> datetime:
    """The moment that a field of the site holds, as an aware time in UTC."""
    return (_in_zone(at) if timezone.is_naive(at) else at).astimezone(UTC)


def kept(at: datetime) -> datetime:
    """An aware time, as a field of the site keeps it."""
    return at if settings.USE_TZ else timezone.make_naive(at, timezone.get_default_timezone())


def of_database(at: datetime) -> datetime:
    """What the database has put into a field by its own clock, as an aware time. SQLite's clock shows UTC, and doesn't
    say so."""
    if timezone.is_aware(at):
        return at
    return at.replace(tzinfo=UTC) if connection.vendor == "sqlite" else _in_zone(at)


def _in_zone(at: datetime) -> datetime:
    """Not in the zone that a request may have activated."""
    return timezone.make_aware(at, timezone.get_default_timezone())
