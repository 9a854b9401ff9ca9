"""The public pages of people: one's own page, the list of all, and pictures."""

from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from feed import log, pages, ratelimit, streams
from feed.access import PageRequest, page_view
from feed.finding import COST, seconds_to_wait, too_many
from feed.people import name_field, name_of
from feed.refusals import Refusal
from feed.rendering import render
from profiles import tabs
from profiles.models import Picture, UserProfile
from profiles.names import spelled_like

PEOPLE = 30
"""People on one page of the list."""
A_YEAR = 365 * 24 * 3600


@page_view
@require_safe
def person(request: PageRequest, name: str) -> HttpResponse:
    stream = stream_of(name)
    state = log.state()
    people = get_user_model()._default_manager.select_related("profile")
    someone = people.filter(**{name_field(): name}).first()
    if someone is None:
        return redirect("profiles:person", other_spelling(name), permanent=True)
    page = tabs.read(request, state, stream)
    context = {
        "person": someone,
        "profile": getattr(someone, "profile", None),  # users from a fixture may have none
        "tabs": tabs.offered(request),
        "kinds": list(filter(None, [tabs.shown_kind(request)])),
        "counts": tabs.counted(request.user, someone),
    }
    return pages.show(request, "profiles/person.html", page, [stream], **context)


@page_view
@require_safe
def card(request: PageRequest, name: str) -> HttpResponse:
    """A person in short, for who points at the name in a row."""
    if not request.htmx:
        return redirect("profiles:person", name)
    stream_of(name)
    people = get_user_model()._default_manager.select_related("profile")
    return render(request, "profiles/card.html", {"person": get_object_or_404(people, **{name_field(): name})})


def stream_of(name: str) -> str:
    """The person's stream. Raises Http404 if the database can't look up this name."""
    try:
        streams.parse([stream := f"user:{name}"])
    except Refusal as refusal:
        raise Http404(refusal.message) from None
    return stream


def other_spelling(name: str) -> str | None:
    """The name of the only user whose name differs from this one in case alone. Raises Http404."""
    found = get_user_model()._default_manager.filter(spelled_like(name, name_field()))[:2]
    if len(found) != 1:
        raise Http404("there is nobody with this name")
    return name_of(found[0])


@page_view
@require_safe
def people(request: PageRequest) -> HttpResponse:
    wanted = " ".join(request.GET.get("q", "").replace("\0", "").split())[:150]
    before = pages.wanted_before(request)
    # What nobody's name begins with is looked for among all names, without an index.
    if wanted and (wait := seconds_to_wait(request, COST)):
        refused = {"query": wanted, "wait": ratelimit.humanize(wait)}
        return too_many(render(request, "feed/search_refused.html", refused), wait)
    found = list(UserProfile.objects.active().begin_with(wanted).before(before).newest()[: PEOPLE + 1])
    context = {
        "profiles": found[:PEOPLE],
        "older": found[PEOPLE - 1].pk if len(found) > PEOPLE else None,
        "before": before,
        "wanted": wanted,
    }
    return render(request, "profiles/people.html", context)


@require_safe
def picture(request: HttpRequest, name: str, version: str, size: int) -> HttpResponse:
    """A picture, for everybody. Its URL changes with it, so that it may be cached for ever.

    Without a session, or each picture of a page would load its reader.
    """
    stream_of(name)
    found = get_object_or_404(Picture, **{f"user__{name_field()}": name}, version=version, size=size)
    response = HttpResponse(bytes(found.content), content_type="image/webp")
    response["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response
