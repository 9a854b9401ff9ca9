"""People: their pages, and how they come and go."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from feed import limits, log, pages, streams
from feed.access import OwnRequest, PageRequest, login_needed, posted
from feed.models import Event
from feed.refusals import Refusal
from profiles.forms import LoginForm, ProfileForm, SignupForm
from profiles.models import UserProfile


@require_safe
def person(request: PageRequest, name: str) -> HttpResponse:
    stream = f"user:{name}"
    try:
        streams.parse([stream])
    except Refusal as refusal:  # a name that no database can look for
        raise Http404(refusal.message) from None
    state = log.state()
    someone = get_object_or_404(get_user_model().objects.select_related("profile"), username=name)
    page = pages.Page.read(state, Event.rows.visible_to(request.user), [stream], pages.wanted_before(request))
    profile = getattr(someone, "profile", None)  # users of a fixture may have none
    return pages.show(request, "profiles/person.html", page, [stream], person=someone, profile=profile)


@login_needed
@require_http_methods(["GET", "POST"])
def edit_profile(request: OwnRequest) -> HttpResponse:
    profile, _ = UserProfile.objects.get_or_create(user=request.user)
    form = ProfileForm(posted(request), instance=profile)
    if form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect(profile)
    return render(request, "profiles/edit.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def signup(request: PageRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignupForm(posted(request))
    limit = limits.Limit("SIGNUP_LIMIT", (limits.address(request),))
    if limits.allows(limit, form, "Many have signed up from where you are.") and join(request, form):
        return redirect(settings.LOGIN_REDIRECT_URL)
    return limits.answer(render(request, "registration/signup.html", {"form": form}), form)


def join(request: PageRequest, form: SignupForm) -> bool:
    """Make the user, with profile and welcome, and log them in: all of it, or nothing."""
    try:
        with transaction.atomic():
            login(request, form.save())
    except IntegrityError:  # somebody else took the name since the form was checked
        form.add_error("username", "A user with that username already exists.")
    return not form.errors


class Login(LoginView):
    """Django's own, that answers what can't be let in with 422 or 429."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_success_url(self) -> str:
        """Where to go on to, but never back to here: for who is logged in already that would have no end."""
        url = super().get_success_url()
        return self.get_default_redirect_url() if urlsplit(url).path == self.request.path else url

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return limits.answer(super().form_invalid(form), form)
