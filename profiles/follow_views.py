"""Following people, and the lists of who follows whom."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from feed import ratelimit
from feed.access import OwnRequest, PageRequest, is_from_own_page, login_needed, page_view
from feed.people import name_field, name_of, shown_name
from feed.rendering import render
from profiles import following

PEOPLE = 50
"""People on a page of a list."""


def person_named(name: str) -> Any:
    if "\0" in name:  # the database can't look it up
        raise Http404
    return get_object_or_404(get_user_model()._default_manager.select_related("profile"), **{name_field(): name})


@page_view
@login_needed
@require_POST
def follow(request: OwnRequest, name: str) -> HttpResponse:
    return change(request, name, following.follow, request.user)


@page_view
@login_needed
@require_POST
def unfollow(request: OwnRequest, name: str) -> HttpResponse:
    return change(request, name, following.unfollow, request.user)


@page_view
@login_needed
@require_POST
def remove_follower(request: OwnRequest, name: str) -> HttpResponse:
    """The user doesn't want this follower."""
    form, person = Form(request.POST), person_named(name)
    if is_allowed(request, form):
        following.unfollow(person, request.user)
        if not request.htmx:
            messages.success(request, f"{shown_name(person)} doesn't follow you any more.", fail_silently=True)
            return redirect("profiles:followers", name_of(request.user))
    context = {"person": person, "form": form}
    return ratelimit.set_status(render(request, "profiles/removed_follower.html", context), form)


def change(request: OwnRequest, name: str, do: Any, follower: Any) -> HttpResponse:
    form, person = Form(request.POST), person_named(name)
    if is_allowed(request, form):
        try:
            do(follower, person)
        except ValidationError as error:
            form.add_error(None, error)
    if not request.htmx and not form.errors:
        # Not `redirect`, which takes a word for the name of a view.
        return HttpResponseRedirect(way_back(request) or reverse("profiles:person", args=[name]))
    return ratelimit.set_status(button(request, person, form), form)


def is_allowed(request: OwnRequest, form: Form) -> bool:
    limit = ratelimit.Limit("FEED_POST_LIMIT", (str(request.user.pk),))
    own = is_from_own_page(request, form)
    return own and ratelimit.check_form(limit, form, "That was a lot in a short time.")


def button(request: PageRequest, person: Any, form: Form) -> HttpResponse:
    """The button as it is now; without htmx, on a page of its own."""
    base = "feed/alone.html" if request.htmx else "feed/page.html"
    context = {"base": base, "person": person, "form": form, "in_list": "in_list" in request.POST}
    return render(request, "profiles/follow.html", context)


def way_back(request: OwnRequest) -> str | None:
    """The page that the button is on."""
    page = request.POST.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()) else None


@page_view
@require_safe
def followers(request: PageRequest, name: str) -> HttpResponse:
    person = person_named(name)
    return show_list(request, person, following.followers(person), "followers")


@page_view
@require_safe
def followed(request: PageRequest, name: str) -> HttpResponse:
    person = person_named(name)
    return show_list(request, person, following.following(person), "following")


def show_list(request: PageRequest, person: Any, people: QuerySet[Any], which: str) -> HttpResponse:
    page = Paginator(people, PEOPLE).get_page(request.GET.get("page"))
    known = following.among(request.user, page)
    context = {
        "person": person,
        "people": page,
        "which": which,
        "known": known,
        "removable": which == "followers" and person == request.user,
    }
    return render(request, "profiles/followers.html", context)
