"""One's own account: the profile, the picture, the e-mail address, one's data, and the end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.db.models import ProtectedError
from django.forms import BaseForm, Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feed import ratelimit
from feed.access import OwnRequest, front_page, is_from_own_page, login_needed, other_login_warning, page_view, posted
from feed.people import name_of
from feed.rendering import render
from profiles import export, mail, pictures, tabs
from profiles.account_forms import EmailForm, PictureForm, email_field
from profiles.forms import ProfileForm
from profiles.models import UserProfile
from profiles.own_password import OwnPasswordForm

GREETING = "greeting"
"""In a session: whether to greet its user, who has just signed up. Named in feed/home.html."""


def show(request: OwnRequest, template: str, form: BaseForm, **context: Any) -> HttpResponse:
    """A page with a form, and the status for its errors."""
    return ratelimit.set_status(render(request, template, {"form": form, **context}), form)


@page_view
@login_needed
@require_http_methods(["GET", "POST"])
def edit_profile(request: OwnRequest) -> HttpResponse:
    profile, _ = UserProfile.objects.get_or_create(user=request.user)
    form = ProfileForm(posted(request), instance=profile)
    if is_from_own_page(request, form) and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.", fail_silently=True)
        return redirect(profile)
    picture = PictureForm(request.user) if pictures.IS_AVAILABLE else None
    email = email_field()
    context = {"picture_form": picture, "has_email": bool(email), "email": getattr(request.user, email or "", "")}
    return show(request, "profiles/edit.html", form, **context)


@page_view
@login_needed
@require_http_methods(["GET", "POST"])
def edit_picture(request: OwnRequest) -> HttpResponse:
    if not pictures.IS_AVAILABLE:
        raise Http404("pictures need Pillow")
    form = PictureForm(request.user, posted(request), request.FILES or None)
    if is_from_own_page(request, form) and form.is_valid():
        pictures.keep(request.user, form.cleaned_data["picture"])
        return done(request, "This is your picture now.")
    return show(request, "profiles/picture.html", form)


@page_view
@login_needed
@require_POST
def remove_picture(request: OwnRequest) -> HttpResponse:
    form = Form(request.POST)
    if not is_from_own_page(request, form):
        return show(request, "profiles/picture.html", form)
    pictures.remove(request.user)
    return done(request, "Your picture is removed.")


@page_view
@login_needed
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def edit_email(request: OwnRequest) -> HttpResponse:
    field = email_field()
    if field is None:
        raise Http404("the users have no e-mail address")
    old = str(getattr(request.user, field) or "")
    form = EmailForm(posted(request), request=request, initial={"email": old})
    if is_from_own_page(request, form) and form.is_valid():
        new = form.cleaned_data["email"]
        setattr(request.user, field, new)
        request.user.save(update_fields=[field])
        if old and new != old:
            mail.later(mail.tell_of_new_address, old, str(name_of(request.user)))
        return done(request, "Your e-mail address is saved." if new else "Your e-mail address is removed.")
    return show(request, "profiles/email.html", form)


@page_view
@login_needed
@require_safe
def export_data(request: OwnRequest) -> HttpResponse:
    """Everything that is the user's, as one JSON file."""
    name = f"rill-{request.user.pk}-{timezone.now():%Y-%m-%d}.json"
    return export.as_download(request, export.parts(request.user), name)


@page_view
@login_needed
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def delete_account(request: OwnRequest) -> HttpResponse:
    form = OwnPasswordForm(posted(request), request=request)
    if is_from_own_page(request, form) and form.is_valid() and deleted(request, form):
        messages.success(request, "Your account is deleted, with all that was yours.", fail_silently=True)
        return redirect(front_page())
    return show(request, "profiles/delete.html", form, counts=tabs.counted(request.user, request.user))


def deleted(request: OwnRequest, form: BaseForm) -> bool:
    """Delete the user, and the events with them: each deletion is recorded, and reaches the pages that show it."""
    user = get_user_model()._default_manager.get(pk=request.user.pk)
    try:
        user.delete()
    except ProtectedError:  # by another app of the project
        form.add_error(None, "Your account can't be deleted, because something of it is still needed.")
        return False
    logout(request)
    return True


@page_view
@login_needed
@require_POST
def dismiss_greeting(request: OwnRequest) -> HttpResponse:
    if not other_login_warning(request):
        request.session.pop(GREETING, None)
    return redirect(front_page())


def done(request: OwnRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence, fail_silently=True)
    return redirect("profiles:edit")
