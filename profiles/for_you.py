"""The page of what concerns a person, and the bell that counts what is new there."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from feed import log, pages
from feed.access import OwnRequest, login_needed, other_login_warning, page_view
from feed.models import Event
from feed.muted import muted_at
from feed.people import name_of
from profiles.bell import frame, mark_read, unread
from profiles.concerns import To

ROWS = Event.rows.with_users().with_links().with_reactions()


@page_view
@login_needed
@require_safe
def for_you(request: OwnRequest) -> HttpResponse:
    """Comments on what is mine, mentions, reactions and new followers, grouped."""
    stream = f"{To.prefix}:{name_of(request.user)}"
    state = log.state()
    page = pages.Page.read_rows(
        state,
        request.user,
        [stream],
        pages.wanted_before(request),
        folds=True,
        muted=muted_at(state, request.user),
        events=ROWS.all(),
        without=["read_position"],
    )
    return pages.show(request, "profiles/for_you.html", page, [stream])


@page_view
@login_needed
@require_POST
def read(request: OwnRequest) -> HttpResponse:
    """Nothing is new any more, in any tab."""
    if other_login_warning(request):  # what another user's page shows, this one hasn't seen
        return HttpResponse(status=204) if request.htmx else redirect("profiles:for-you")
    mark_read(request.user, log.state().head)
    return HttpResponse(frame(unread(request.user))) if request.htmx else redirect("profiles:for-you")
