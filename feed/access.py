"""Who may do what on the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from feed.answered import counted
from feed.kinds.guard import is_outage
from feed.models import Event
from feed.moderation import is_moderator
from feed.outage import unavailable
from feed.paths import remember_prefix
from feed.people import name_of
from feed.refusals import Refusal


class PageRequest(HttpRequest):
    htmx: HtmxDetails


class OwnRequest(PageRequest):
    """A request of a logged-in user."""

    user: User


P = ParamSpec("P")
View = Callable[Concatenate[PageRequest, P], HttpResponse]


def page_view(view: View[P]) -> View[P]:
    """A view that needs no middleware of the feed, and answers 503 if the database is out of order.

    Not in a transaction of the request (ATOMIC_REQUESTS): that one could still fail after the response.
    """

    @counted
    @wraps(view)
    def prepared(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request.htmx = HtmxDetails(request)
        request.user = user_of(request)
        remember_prefix(request.META.get("SCRIPT_NAME", ""))
        try:
            return not_shared(request, view(request, *args, **kwargs))
        except Refusal as refusal:
            return refused(request, refusal)
        except Exception as error:
            if not is_outage(error):
                raise
            return unavailable(request, error)

    return transaction.non_atomic_requests(prepared)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page for a refusal: Django's own for 400, 403 and 404."""
    if refusal.close is None:  # it may work in a moment
        return unavailable(request, refusal)
    errors: dict[int, type[Exception]] = {4403: PermissionDenied, 4404: Http404}
    raise errors.get(refusal.close, BadRequest)(refusal.message) from None


def not_shared(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response, which no cache between us and a user may keep: it may show what only this user may see."""
    if user_of(request).is_authenticated:
        patch_cache_control(response, private=True)
    return response


def login_needed(view: Callable[Concatenate[OwnRequest, P], HttpResponse]) -> View[P]:
    """Like Django's login_required. But htmx is redirected by a header: it would put the login page into this page.

    After the log-in the browser returns to the page, not to the URL that was posted to.
    """

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)  # type: ignore[arg-type]
        if request.htmx:
            return HttpResponseClientRedirect(redirect_to_login(page_that_asked(request)).url)
        return redirect_to_login(request.get_full_path() if request.method == "GET" else front_page())

    return guarded


def page_that_asked(request: PageRequest) -> str:
    """The path of the page that htmx is on, or the front page if the header is invalid."""
    try:
        path = request.htmx.current_url_abs_path
    except ValueError:
        path = None
    return path or front_page()


def front_page() -> str:
    try:
        return reverse("feed:home")
    except NoReverseMatch:
        return get_script_prefix()


def user_of(request: HttpRequest) -> Any:
    """The request's user. In a project without AuthenticationMiddleware nobody is logged in."""
    return getattr(request, "user", AnonymousUser())


def posted(request: HttpRequest) -> QueryDict | None:
    """The data for a form: None unless this is a POST. An empty POST is data, too."""
    return request.POST if request.method == "POST" else None


def other_login_warning(request: HttpRequest) -> str | None:
    """The warning if the form is on another user's page: somebody else has logged in in another tab since.

    None if the page is the user's own, or if the request doesn't say whose page it comes from, as with programs.
    """
    page_of = request.POST.get("as")
    if page_of is None or not request.user.is_authenticated or page_of == str(request.user.pk):
        return None
    return f"You are logged in as {name_of(request.user)} now."


def is_from_own_page(request: HttpRequest, form: BaseForm, field: str | None = None) -> bool:
    """Whether the form comes from a page of the logged-in user. If not, the form gets an error."""
    warning = other_login_warning(request)
    if warning and form.is_bound:
        form.errors  # noqa: B018 (validates the form, which would drop an error added before)
        form.add_error(field, warning)
    return warning is None


def seen_event(request: OwnRequest, pk: int) -> Event:
    """An event of any user, to be shown and never changed. Raises Http404."""
    event: Event = get_object_or_404(Event.objects.visible_to(request.user), pk=pk)
    return event


def own_event(user: Any, pk: int, *, lock: bool, or_moderated: bool = False) -> Event:
    """The event, if it is the user's own. Raises Http404 or PermissionDenied. An event without a user is nobody's own.

    lock: until the transaction ends. Otherwise it could be deleted meanwhile, and saved back again.
    or_moderated: whether staff get the events of others, too.
    """
    events = Event.objects.visible_to(user)
    if lock:
        events = events.select_for_update(of=("self",))
    event: Event = get_object_or_404(events, pk=pk)
    if event.user_id != user.pk and not (or_moderated and is_moderator(user)):
        raise PermissionDenied
    return event
