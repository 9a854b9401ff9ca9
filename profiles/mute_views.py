"""Muting people and threads, and the list of what one has muted."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from feed import conversations, ratelimit
from feed.access import OwnRequest, login_needed, other_login_warning, page_view
from feed.models import Event
from feed.more import show_choices
from feed.numbers import parse_number
from feed.people import shown_name
from feed.rendering import render
from profiles import muting
from profiles.bell import frame, unread
from profiles.follow_views import is_allowed, person_named, way_back

Change = Callable[..., None]


@page_view
@login_needed
@require_POST
def mute(request: OwnRequest, name: str) -> HttpResponse:
    return change_person(request, name, muting.mute, "{} is muted.")


@page_view
@login_needed
@require_POST
def unmute(request: OwnRequest, name: str) -> HttpResponse:
    return change_person(request, name, muting.unmute, "{} isn't muted any more.")


@page_view
@login_needed
@require_POST
def mute_thread(request: OwnRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(conversations.about(request.user), pk=pk)
    return change(request, muting.mute, "This thread is muted.", thread_id=event.in_thread or pk)


@page_view
@login_needed
@require_POST
def unmute_thread(request: OwnRequest, pk: int) -> HttpResponse:
    """Also a thread that has got out of the user's sight."""
    return change(request, muting.unmute, "This thread isn't muted any more.", thread_id=pk)


@page_view
@login_needed
@require_safe
def muted(request: OwnRequest) -> HttpResponse:
    threads, unseen = muting.muted_events(request.user)
    context = {"people": muting.muted_people(request.user), "threads": threads, "unseen": unseen}
    return render(request, "profiles/muted.html", context)


@page_view
@login_needed
@require_POST
def unmute_unseen(request: OwnRequest) -> HttpResponse:
    """Unmute the threads that the user can't see any more, and so can't choose among."""
    if other_login_warning(request):
        return redirect("profiles:muted")
    seen, _ = muting.muted_events(request.user)
    for key in muting.muted(request.user).threads - {event.pk for event in seen}:
        muting.unmute(request.user, thread_id=key)
    return redirect("profiles:muted")


def change_person(request: OwnRequest, name: str, do: Change, said: str) -> HttpResponse:
    person = person_named(name)
    return change(request, do, said.format(shown_name(person)), person=person)


def change(request: OwnRequest, do: Change, said: str, **what: Any) -> HttpResponse:
    form = Form(request.POST)
    if is_allowed(request, form):
        try:
            do(request.user, **what)
        except ValidationError as error:
            form.add_error(None, error)
    if form.errors or request.htmx:
        return ratelimit.set_status(answered(request, form, said, what), form)
    messages.success(request, said, fail_silently=True)
    return HttpResponseRedirect(way_back(request) or reverse("profiles:muted"))


def answered(request: OwnRequest, form: Form, said: str, what: dict[str, Any]) -> HttpResponse:
    """The same place with the way back: the menu of an event, or else the button on a person's page. With the bell,
    which may count less now."""
    if event := menu_of(request):
        response = show_choices(request, event, "" if form.errors else said, form)
    else:
        base = "feed/alone.html" if request.htmx else "feed/page.html"
        response = render(request, "profiles/mute.html", {"base": base, "form": form, **what})
    if request.htmx:
        response.write(frame(unread(request.user)))
    return response


def menu_of(request: OwnRequest) -> int | None:
    """The id of the event whose menu the form is in, if it is still there."""
    key = parse_number(request.POST.get("event", ""))
    seen = key is not None and Event.objects.visible_to(request.user).filter(pk=key).exists()
    return key if seen else None
