"""Rate limits of the API, and the headers that tell of them (draft-ietf-httpapi-ratelimit-headers)."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from feed import ratelimit
from feed.access import user_of
from feed.ratelimit import Limit, Quota
from feed.refusals import Refusal
from feed.writing import limit_of


def count_read(request: HttpRequest, amount: int = 1) -> None:
    """Count a request of the address and of the user. Raises Refusal if one of them has sent too many.

    amount: as how many it counts.
    """
    user = user_of(request)
    limits = [Limit("FEED_READ_LIMIT", (ratelimit.address(request),), "read-by-address")]
    if user.is_authenticated:
        limits.append(Limit("FEED_READ_LIMIT", ("user", str(user.pk)), "read-by-user"))
    _count(request, *limits, amount=amount)


def count_write(request: HttpRequest, user: Any) -> None:
    """Count what the user writes, together with what they write on the pages. Raises Refusal."""
    _count(request, limit_of(user))


def _count(request: HttpRequest, *limits: Limit, amount: int = 1) -> None:
    hit = ratelimit.count(*limits, amount=amount)
    request.quotas = [*quotas_of(request), *hit.quotas]  # type: ignore[attr-defined]
    if hit.wait:
        message = f"Too many requests. Try again in {ratelimit.humanize(hit.wait)}."
        raise Refusal("too_many_requests", message, 4429, retry_after=hit.wait)


def quotas_of(request: HttpRequest) -> list[Quota]:
    """What is left of the limits that the request counts in."""
    return getattr(request, "quotas", [])


def set_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if quotas := quotas_of(request):
        response["RateLimit-Policy"] = ", ".join(f'"{each.name}";q={each.amount};w={each.seconds}' for each in quotas)
        response["RateLimit"] = ", ".join(f'"{each.name}";r={each.left};t={each.reset}' for each in quotas)
    return response
