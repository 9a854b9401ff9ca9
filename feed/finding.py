"""Search in texts and people."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from feed import log, pages, people, ratelimit
from feed import search as texts
from feed.access import PageRequest, page_view
from feed.people import name_of
from feed.rendering import render
from feed.templatetags.feed_people import person_url

MAX_PEOPLE = 8
COST = 5
"""Requests that one search counts as."""
MAX_AGE = 60
"""Seconds for which a browser keeps the names that begin with the same letters."""


@page_view
@require_safe
def search(request: PageRequest) -> HttpResponse:
    """The events with these words, newest first, and the people whose names begin with them."""
    query = request.GET.get("q", "").replace("\0", " ").strip()[: texts.MAX_LENGTH]
    if wait := seconds_to_wait(request, COST):
        context = {"query": query, "wait": ratelimit.humanize(wait)}
        return too_many(render(request, "feed/search_refused.html", context), wait)
    before = pages.wanted_before(request)
    state, terms = log.state(), texts.parse(query)
    page = pages.Page.of(state, texts.find(request.user, terms, before, pages.SIZE + 1), before)
    found = [] if before else [each for each in people_called(query) if person_url(each)]
    # The socket brings changes of what is found. No new event belongs to the page, as none is of its kinds.
    shown = {"query": query, "people": found, "words": [term.text for term in terms], "kinds": ["none"]}
    return pages.show(request, "feed/search.html", page, [log.PUBLIC], **shown)


def people_called(query: str) -> list[Any]:
    """The people whose public name, or the name that they have chosen, begins like this."""
    by_name = people.find(query.removeprefix("@"), MAX_PEOPLE)
    chosen = people.portraits().called(query, MAX_PEOPLE) if query else []
    return list({each.pk: each for each in [*by_name, *chosen]}.values())[:MAX_PEOPLE]


@page_view
@require_safe
def people_named(request: PageRequest) -> HttpResponse:
    """The people whose names begin with `?q=`, for those who write: names and URLs, as JSON."""
    if wait := seconds_to_wait(request, 1):
        return too_many(JsonResponse({"code": "too_many_requests", "message": "Too many requests."}), wait)
    if not request.user.is_authenticated:
        return JsonResponse({"code": "log_in", "message": "Log in to look people up."}, status=401)
    found = people.find(request.GET.get("q", "").strip(), MAX_PEOPLE)
    response = JsonResponse([described(person) for person in found], safe=False)
    patch_cache_control(response, private=True, max_age=MAX_AGE)
    return response


def described(person: Any) -> dict[str, str | None]:
    return {"name": name_of(person), "url": person_url(person) or None}


def seconds_to_wait(request: PageRequest, amount: int) -> int:
    return ratelimit.hit(ratelimit.Limit("FEED_READ_LIMIT", (ratelimit.address(request),)), amount=amount)


def too_many(response: HttpResponse, wait: int) -> HttpResponse:
    response.status_code = 429
    response["Retry-After"] = str(wait)
    return response
