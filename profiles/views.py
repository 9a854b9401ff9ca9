"""Sign-up, login and logout."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from feed import ratelimit
from feed.access import PageRequest, is_from_own_page, other_login_warning, page_view, posted
from feed.people import name_field
from feed.rendering import render
from profiles.account_views import GREETING
from profiles.forms import LoginForm, SignupForm

TOO_MANY_SIGNUPS = "Too many people have signed up from your network."


@page_view
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def signup(request: PageRequest) -> HttpResponse:
    wanted = wanted_next(request)
    if request.user.is_authenticated and request.method == "GET":
        return go_to(wanted)
    form = SignupForm(posted(request))
    limit = ratelimit.Limit("SIGNUP_LIMIT", (ratelimit.address(request),))
    own = is_from_own_page(request, form)
    if own and ratelimit.check_form(limit, form, TOO_MANY_SIGNUPS) and create_and_log_in(request, form):
        return go_to(wanted)
    return ratelimit.set_status(render(request, "profiles/signup.html", {"form": form, "next": wanted}), form)


def wanted_next(request: HttpRequest) -> str:
    """The URL in `next`, to which a new user returns. Empty if it leads elsewhere than to this site, or back here."""
    url = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours and urlsplit(url).path != request.path else ""


def go_to(wanted: str) -> HttpResponse:
    """Not `redirect` for what a client sends, which takes a word for the name of a view."""
    return HttpResponseRedirect(wanted) if wanted else redirect(settings.LOGIN_REDIRECT_URL)


def create_and_log_in(request: PageRequest, form: SignupForm) -> bool:
    """Create the user with profile and Welcome event, and log them in, in one transaction. Returns whether it did."""
    try:
        with transaction.atomic():
            login(request, form.save())
            request.session[GREETING] = True
    except IntegrityError:  # the name was taken after the form was checked
        form.add_error(name_field(), "A user with that username already exists.")
    return not form.errors


@method_decorator(page_view, name="dispatch")  # type: ignore[arg-type]
class Login(LoginView):
    """Django's login view. Answers a refused login with status 422 or 429."""

    authentication_form = LoginForm
    template_name = "profiles/login.html"

    @property
    def redirect_authenticated_user(self) -> bool:  # type: ignore[override]
        """Redirect a logged-in user only on GET. A submitted form still logs its user in, although somebody else may
        have logged in in another tab."""
        return self.request.method == "GET"

    def get_success_url(self) -> str:
        """The URL after the login. It is never this page, or a logged-in user would be redirected for ever."""
        url = super().get_success_url()
        return self.get_default_redirect_url() if urlsplit(url).path == self.request.path else url

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        return render(self.request, self.template_name, context)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return ratelimit.set_status(super().form_invalid(form), form)


@method_decorator(page_view, name="dispatch")  # type: ignore[arg-type]
class Logout(LogoutView):
    """Django's logout view. The button on alice's page doesn't log out bob, if he has logged in in another tab."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if warning := other_login_warning(request):
            messages.warning(request, warning, fail_silently=True)
            return redirect(self.get_success_url())
        return super().post(request, *args, **kwargs)
