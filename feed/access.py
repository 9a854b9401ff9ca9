"""Who may do what on the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from feed.models import Event


class PageRequest(HttpRequest):
    htmx: HtmxDetails


class OwnRequest(PageRequest):
    """The request of somebody who is logged in."""

    user: User


P = ParamSpec("P")
View = Callable[Concatenate[PageRequest, P], HttpResponse]


def login_needed(view: Callable[Concatenate[OwnRequest, P], HttpResponse]) -> View[P]:
    """Like Django's login_required, but htmx is told in a header: it would put the login page into this one.

    The way back leads to the page that asked, as what was posted is gone.
    """

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)  # type: ignore[arg-type]
        if request.htmx:
            return HttpResponseClientRedirect(redirect_to_login(page_that_asked(request)).url)
        return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("feed:home"))

    return guarded


def page_that_asked(request: PageRequest) -> str:
    """The path of the page that htmx says it is on, if that can be: anybody may send any header."""
    try:
        path = request.htmx.current_url_abs_path
    except ValueError:
        path = None
    return path or reverse("feed:home")


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: also to nothing at all, if that was posted."""
    return request.POST if request.method == "POST" else None


def own_event(request: OwnRequest, pk: int) -> Event:
    """The event, if it is the user's own. Raises Http404 or PermissionDenied.

    Who posts has it locked until the transaction ends: or it could be deleted meanwhile, and saved back again.
    """
    events = Event.objects.visible_to(request.user)
    if request.method == "POST":
        events = events.select_for_update(of=("self",))
    event: Event = get_object_or_404(events, pk=pk)
    if event.user_id != request.user.pk:
        raise PermissionDenied
    return event
