"""The pages of the feed."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseForm, Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from feed import conversations, log, pages, ratelimit, streams, writing
from feed.access import (
    OwnRequest,
    PageRequest,
    View,
    is_from_own_page,
    login_needed,
    own_event,
    page_view,
    posted,
    seen_event,
)
from feed.composing import posted_rows
from feed.filters import Filter
from feed.forms import CommentForm, ComposeForm, EditForm, StatusForm
from feed.models import Comment, Event, StatusChange
from feed.muted import muted_at
from feed.paths import search_url
from feed.rendering import render

THREAD_SIZE = 100
UNFOLDED_SIZE = 20

P = ParamSpec("P")


def shown_at(name: str) -> Callable[[View[P]], View[P]]:
    """For a URL that forms are posted to: a GET leads to the page with the form. A refused form is shown at this URL,
    and the links on its page are relative."""

    def decorated(view: View[P]) -> View[P]:
        @wraps(view)
        def redirecting(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method == "GET":
                return redirect(f"{reverse(name, args=args, kwargs=kwargs)}?{request.META.get('QUERY_STRING', '')}")
            return view(request, *args, **kwargs)

        return redirecting

    return decorated


@page_view
@require_safe
def home(request: PageRequest) -> HttpResponse:
    return show_home(request, StatusForm(user=request.user))


def show_home(request: PageRequest, form: ComposeForm) -> HttpResponse:
    chosen = Filter.parse(request.GET)
    if name := request.GET.get("person", "").strip():
        person = chosen.of_person(name)
        return redirect(reverse("feed:home") + person.query if person else search_url(name))
    personal = streams.personal(chosen.names)
    if personal and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    state = log.state()
    chosen.check(request.user)
    before = pages.wanted_before(request)
    options: dict[str, Any] = {"folds": chosen.folds, "muted": muted_at(state, request.user), "kinds": chosen.kinds}
    page = pages.Page.read_rows(state, request.user, chosen.names, before, **options)
    context = {"form": form, "filter": chosen, "kinds": sorted(chosen.kinds)}
    context |= {"personal": personal[0] if personal else None}
    return pages.show(request, "feed/home.html", page, sorted(chosen.names), **context)


@page_view
@require_safe
def thread(request: PageRequest, pk: int) -> HttpResponse:
    """An event and the comments on it, oldest first. What is in a thread itself is shown there."""
    return show_thread(request, pk, CommentForm())


def show_thread(request: PageRequest, pk: int, form: ComposeForm) -> HttpResponse:
    state = log.state()
    event = get_object_or_404(Event.objects.visible_to(request.user).with_users(), pk=pk)
    if event.in_thread is not None:
        return redirect(conversations.place_of(event, THREAD_SIZE, answer="answer" in request.GET))
    stream = f"thread:{pk}"
    if request.htmx and "unfolded" in request.GET:
        return unfolded(request, pages.Page.read(state, request.user, [stream], None, UNFOLDED_SIZE), event)
    page = pages.Page.read(state, request.user, [stream], pages.wanted_before(request), THREAD_SIZE).under(event)
    answered = conversations.answered(request, event)
    return pages.show(request, "feed/thread.html", page, [stream], event=event, answered=answered, form=form)


def unfolded(request: PageRequest, page: pages.Page, event: Event) -> HttpResponse:
    """The newest comments of a thread, for the row in a feed that shows them: of the event, or of a comment on it."""
    shown = {str(event.pk), request.GET["unfolded"]}
    page = page.under(event).leaving_out(shown)
    return pages.show(request, "feed/unfolded.html", page, [], event=event, form=CommentForm(auto_id="answer_%s"))


@page_view
@shown_at("feed:home")
@login_needed
@require_POST
def post(request: OwnRequest) -> HttpResponse:
    form = StatusForm(request.POST, user=request.user)
    status = StatusChange(user=request.user, audience=posted_audience(form))
    fill(request, form, status)
    if form.is_valid():
        form.save(status)
    return composed(request, form, reverse("feed:home"))


@page_view
@shown_at("feed:event")
@login_needed
@require_POST
def comment(request: OwnRequest, pk: int) -> HttpResponse:
    form = CommentForm(request.POST)
    comment = Comment(user=request.user, thread_id=pk)
    fill(request, form, comment)
    with transaction.atomic():
        _, root = conversations.locked(conversations.about(request.user), pk)
        if form.is_valid():
            form.save(comment)
    return composed(request, form, root.get_absolute_url(), root)


def fill(request: OwnRequest, form: ComposeForm, event: StatusChange | Comment) -> None:
    """Put the form's text into the event. If the event may not be posted, the form gets an error."""
    if is_from_own_page(request, form, "text") and form.is_valid():
        event.text = form.cleaned_data["text"]
        if not form.is_repeated(event):  # a repeated post isn't counted again
            check_limit(request, form, "text")


def posted_audience(form: StatusForm) -> str:
    return (form.is_valid() and form.cleaned_data["audience"]) or log.PUBLIC


def composed(request: OwnRequest, form: ComposeForm, done: str, event: Event | None = None) -> HttpResponse:
    """The response to a text: its errors, or for htmx an empty form and the new row."""
    if form.errors and not request.htmx:
        shown = show_thread(request, event.pk, form) if event else show_home(request, form)
        return ratelimit.set_status(shown, form)
    if form.errors:
        return show_form(request, "feed/compose.html", form, event)
    if not request.htmx:
        return redirect(done)
    rows = posted_rows(request.user, form.saved)
    return show_form(request, "feed/compose.html", form.emptied(), event, rows=rows)


@page_view
@login_needed
@require_http_methods(["GET", "POST"])
def edit(request: OwnRequest, pk: int) -> HttpResponse:
    form = EditForm(posted(request), user=request.user, auto_id="edit_%s")
    if not is_from_own_page(request, form, "text"):
        return show_form(request, "feed/edit.html", form, seen_event(request, pk))
    check_limit(request, form, "text")
    with transaction.atomic():
        event: Any = own_event(request.user, pk, lock=request.method == "POST")
        if not hasattr(event, "text"):
            raise Http404("only a text can be edited")
        form.show(event)
        if form.is_valid() and form.is_current(event) and is_changed(event, form):
            return done_in_dialog() if request.htmx else redirect(event)
    response = show_form(request, "feed/edit.html", form, event)
    response.status_code = response.status_code if form.theirs is None else HTTPStatus.CONFLICT
    return response


def is_changed(event: Any, form: EditForm) -> bool:
    """Save what the form says, if the kind accepts it. If not, the form gets an error."""
    try:
        writing.change(event, {"text": form.cleaned_data["text"], "audience": form.audience_of(event)})
    except ValidationError as error:
        form.add_error("text", error.messages)
    return not form.errors


@page_view
@login_needed
@require_http_methods(["GET", "POST"])
def delete(request: OwnRequest, pk: int) -> HttpResponse:
    form = Form(posted(request))
    if not is_from_own_page(request, form):
        return show_form(request, "feed/delete.html", form, seen_event(request, pk))
    check_limit(request, form)
    about = None
    try:
        with transaction.atomic():
            event = own_event(request.user, pk, lock=request.method == "POST", or_moderated=True)
            if not form.is_valid():
                return show_form(request, "feed/delete.html", form, event)
            about = event.in_thread
            writing.delete(event, request.user)
    except Http404:
        if request.method == "GET":
            raise
        # Deleted in another tab, or by an earlier request whose answer was lost. That is what the user wanted.
    return deleted(request, about)


def deleted(request: OwnRequest, about: int | None) -> HttpResponse:
    if request.htmx:
        return done_in_dialog()
    return redirect("feed:event", about) if about else redirect("feed:home")


def check_limit(request: OwnRequest, form: BaseForm, field: str | None = None) -> None:
    ratelimit.check_form(writing.limit_of(request.user), form, "That was a lot in a short time.", field)


def show_form(request: OwnRequest, template: str, form: BaseForm, event: Event | None, **context: Any) -> HttpResponse:
    """The form on its own page; or the form alone, for htmx to put into the page."""
    base = "feed/alone.html" if request.htmx else "feed/page.html"
    shown = render(request, template, {"base": base, "form": form, "event": event, **context})
    return ratelimit.set_status(shown, form)


def done_in_dialog() -> HttpResponse:
    """Tell the page to close its dialog. The change itself comes by the socket."""
    return trigger_client_event(HttpResponse(status=204), "rill:done")
