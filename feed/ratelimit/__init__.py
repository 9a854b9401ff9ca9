"""Rate limits, and the response when one is exceeded."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse_many
from limits.storage import MovingWindowSupport

from feed.conf import conf
from feed.ratelimit.storage import storage

Window = tuple[str, int, int]
"""A key, the maximum number of hits, and the seconds in which they count."""
Span = tuple[float, int]
"""When the first hit was that counts now, and how many they are."""

UNITS = [(24 * 3600, "day"), (3600, "hour"), (60, "minute"), (1, "second")]

Response = TypeVar("Response", bound=HttpResponse)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a setting (such as "10/minute; 50/hour") allows to one user, address or name.

    who: the user, address or name. If one of them is None there is no limit: all unknown clients would share it, and
    lock each other out.
    name: what clients are told it is called.
    """

    setting: str
    who: tuple[str | None, ...]
    name: str = ""

    def quotas(self) -> "list[Quota]":
        """All of it, unused."""
        return [Quota(f"{self.name}-{seconds}", most, seconds, most, seconds) for _, most, seconds in self.windows()]

    def windows(self) -> list[Window]:
        known = [each for each in self.who if each is not None]
        if len(known) < len(self.who):
            return []
        # Hashed to one length, because anything can be typed as a name; with SECRET_KEY, because sites may share a
        # Redis.
        who = salted_hmac("feed.limits", "\0".join(known).encode(errors="replace")).hexdigest()
        items = parsed(getattr(conf, self.setting))
        return [(item.key_for(self.setting, who), item.amount, item.get_expiry()) for item in items]


@dataclass(frozen=True, slots=True)
class Quota:
    """One window of a limit, as a client is told of it.

    amount: hits in `seconds`.
    left: hits that there is room for.
    reset: seconds after which there is room for more.
    """

    name: str
    amount: int
    seconds: int
    left: int
    reset: int


@dataclass(frozen=True, slots=True)
class Hit:
    """
    wait: 0 if it was counted, else the seconds to wait.
    quotas: what is left after it.
    """

    wait: int
    quotas: list[Quota]


@cache
def parsed(notation: str) -> list[RateLimitItem]:
    return parse_many(notation)


class TooMany(ValidationError):
    """A limit is exceeded. After `wait` seconds there is room for one more."""

    def __init__(self, sentence: str, wait: int) -> None:
        super().__init__(f"{sentence} Try again in {humanize(wait)}.", code="too_many")
        self.wait = wait


def humanize(seconds: int) -> str:
    """The seconds in the largest unit of which there are at least two, rounded up."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= 2 * size or size == 1)
    amount = -(-seconds // size)
    return f"{amount} {unit}{'' if amount == 1 else 's'}"


def seconds_left(*limits: Limit) -> int:
    """Seconds until all the limits have room for one more; 0 if they have it now."""
    windows = [window for limit in limits for window in limit.windows()]
    return storage(conf.REDIS_URL).run(lambda counts: _left(counts, windows))


def hit(*limits: Limit, amount: int = 1) -> int:
    """Count `amount` hits if all the limits have room. Returns 0 if they were counted, else the seconds to wait."""
    return count(*limits, amount=amount).wait


def count(*limits: Limit, amount: int = 1) -> Hit:
    """Like `hit`. Returns also what is left."""
    windows = [window for limit in limits for window in limit.windows()]
    quotas = [quota for limit in limits for quota in limit.quotas()]

    def counted(counts: MovingWindowSupport) -> Hit:
        spans = [counts.get_moving_window(*window) for window in windows]
        wait = _hit(counts, windows, amount, spans)
        used = 0 if wait else amount
        left = [_left_of(quota, span, used) for quota, span in zip(quotas, spans, strict=True)]
        return Hit(wait, left)

    return storage(conf.REDIS_URL).run(counted)


def _left_of(quota: Quota, span: Span, used: int) -> Quota:
    begin, hits = span
    reset = int(begin + quota.seconds - time.time()) + 1 if hits else quota.seconds
    return replace(quota, left=max(0, quota.amount - hits - used), reset=min(max(1, reset), quota.seconds))


def _hit(counts: MovingWindowSupport, windows: list[Window], amount: int, spans: Sequence[Span]) -> int:
    """Check all limits before counting in any: a hit that one refuses must not use up another."""
    wait = _wait(windows, spans)
    if wait or all(counts.acquire_entry(*window, amount=amount) for window in windows):
        return wait
    return max(1, _left(counts, windows))  # another client was faster


def _left(counts: MovingWindowSupport, windows: list[Window]) -> int:
    return _wait(windows, [counts.get_moving_window(*window) for window in windows])


def _wait(windows: list[Window], spans: Sequence[Span]) -> int:
    """Seconds until each of these windows has room again."""
    spent = zip(windows, spans, strict=True)
    ends = [begin + seconds for (_, most, seconds), (begin, hits) in spent if hits >= most]
    return max(0, int(max(ends) - time.time())) + 1 if ends else 0


def check_form(limit: Limit, form: BaseForm, sentence: str, field: str | None = None) -> bool:
    """Count a valid form. An exceeded limit becomes an error of the form. Returns whether the form is valid.

    Call it before a transaction begins: a Redis that hangs must not prolong a lock.
    """
    if form.is_valid() and (wait := hit(limit)):
        form.add_error(field, TooMany(sentence, wait))
    return form.is_valid()


def set_status(response: Response, form: BaseForm) -> Response:
    """Set the status for the form's errors: 429 with `Retry-After` if a limit is exceeded, else 422."""
    errors = [error for found in form.errors.as_data().values() for error in found]
    wait = max((error.wait for error in errors if isinstance(error, TooMany)), default=0)
    if errors:
        response.status_code = 429 if wait else 422
    if wait:
        response["Retry-After"] = str(wait)
    return response


def address(request: HttpRequest) -> str | None:
    """The client's address, or the /64 of an IPv6 address, which belongs to one customer.

    None if the server doesn't know it: behind a Unix socket, unless the server trusts the proxy's header.
    """
    try:
        found = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        warn_of_unknown_addresses()
        return None
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


@cache
def warn_of_unknown_addresses() -> None:
    """Log it once in each process."""
    logger.warning(
        "Nothing is limited by address, because the server doesn't know the clients' addresses. Behind a Unix socket"
        " start uvicorn with --forwarded-allow-ips '*', or daphne with --proxy-headers; the proxy must set"
        " X-Forwarded-For."
    )
