"""How much one may do in how much time, and what is answered to who does more."""

import logging
import time
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse_many
from limits.storage import MovingWindowSupport

from feed.tally import tally

Window = tuple[str, int, int]
"""A key, how often it may be counted, and in how many seconds."""

UNITS = [(24 * 3600, "day"), (3600, "hour"), (60, "minute"), (1, "second")]

Response = TypeVar("Response", bound=HttpResponse)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """What the setting of that name (such as "10/minute; 50/hour") allows to one user, address or name.

    who: without a limit if one of them isn't known. All who aren't known would share it, and lock each other out.
    """

    setting: str
    who: tuple[str | None, ...]

    def windows(self) -> list[Window]:
        known = [each for each in self.who if each is not None]
        if len(known) < len(self.who):
            return []
        # Of one length, whatever is typed as a name; and by SECRET_KEY, as two sites may share a Redis.
        who = salted_hmac("feed.limits", "\0".join(known).encode(errors="replace")).hexdigest()
        items = parsed(getattr(settings, self.setting))
        return [(item.key_for(self.setting, who), item.amount, item.get_expiry()) for item in items]


@cache
def parsed(notation: str) -> list[RateLimitItem]:
    return parse_many(notation)


class TooMany(ValidationError):
    """More than a limit allows; after `wait` seconds there is room for one more."""

    def __init__(self, sentence: str, wait: int) -> None:
        super().__init__(f"{sentence} Try again in {spoken(wait)}.", code="too_many")
        self.wait = wait


def spoken(seconds: int) -> str:
    """In the largest unit of which there are two, rounded up."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= 2 * size or size == 1)
    amount = -(-seconds // size)
    return f"{amount} {unit}{'' if amount == 1 else 's'}"


def seconds_left(*limits: Limit) -> int:
    """Seconds until all of them have room for one more; 0 if they have."""
    windows = [window for limit in limits for window in limit.windows()]
    return tally(settings.REDIS_URL).ask(lambda counts: _left(counts, windows))


def take(*limits: Limit, amount: int = 1) -> int:
    """Count so many more, if all of them have room. Returns the seconds until they have, or 0 if they are counted."""
    windows = [window for limit in limits for window in limit.windows()]
    return tally(settings.REDIS_URL).ask(lambda counts: _take(counts, windows, amount))


def _take(counts: MovingWindowSupport, windows: list[Window], amount: int) -> int:
    """Looks at all of them before it counts in any: or who is refused by the one would use up the other."""
    wait = _left(counts, windows)
    if wait or all(counts.acquire_entry(*window, amount=amount) for window in windows):
        return wait
    return max(1, _left(counts, windows))  # somebody else was faster


def _left(counts: MovingWindowSupport, windows: list[Window]) -> int:
    ends = []
    for key, most, seconds in windows:
        begin, count = counts.get_moving_window(key, most, seconds)
        if count >= most:
            ends.append(begin + seconds)
    return max(0, int(max(ends) - time.time())) + 1 if ends else 0


def allows(limit: Limit, form: BaseForm, sentence: str, field: str | None = None) -> bool:
    """Count what is posted with the form, unless it can't be used anyway; too much of it is an error of the form.

    Ask before a transaction begins: a Redis that hangs must not hold up who waits for a lock.
    """
    if form.is_valid() and (wait := take(limit)):
        form.add_error(field, TooMany(sentence, wait))
    return form.is_valid()


def answer(response: Response, form: BaseForm) -> Response:
    """Let the status say what is wrong with the form: 429, with `Retry-After`, if it's too much, and else 422."""
    errors = [error for found in form.errors.as_data().values() for error in found]
    wait = max((error.wait for error in errors if isinstance(error, TooMany)), default=0)
    if errors:
        response.status_code = 429 if wait else 422
    if wait:
        response["Retry-After"] = str(wait)
    return response


def address(request: HttpRequest) -> str | None:
    """The client's, as the server tells it; of an IPv6 address the /64, all of which is one customer's.

    None behind a Unix socket, unless the server believes the proxy, and behind a proxy that sets something else."""
    try:
        found = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        say_that_addresses_are_unknown()
        return None
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


@cache
def say_that_addresses_are_unknown() -> None:
    """Once in each process."""
    logger.warning(
        "Nothing is limited by address, as the server doesn't tell the addresses of clients. Behind a Unix socket start"
        " uvicorn with --forwarded-allow-ips '*', or daphne with --proxy-headers; the proxy has to set X-Forwarded-For."
    )
