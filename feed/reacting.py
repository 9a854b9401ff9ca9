"""Reactions: one tap puts an emoji to an event, another takes it away."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from feed import conversations
from feed.access import OwnRequest, PageRequest, is_from_own_page, login_needed, page_view, posted
from feed.conf import conf
from feed.frames.tallies import render_tally, tallies
from feed.models import Reaction
from feed.people import shown_name
from feed.views import check_limit, show_form

NAMED = 20
"""People that are named."""


class ReactionForm(forms.Form):
    emoji = forms.ChoiceField(
        label="Reaction",
        choices=lambda: [(emoji, emoji) for emoji in conf.FEED_REACTIONS],
        error_messages={"invalid_choice": "There is no reaction '%(value)s'.", "required": "Choose a reaction."},
    )


@page_view
@login_needed
@require_http_methods(["GET", "POST"])
def react(request: OwnRequest, pk: int) -> HttpResponse:
    """Put the emoji to the event, or take it away if the user has put it there before."""
    form = ReactionForm(posted(request), initial={"emoji": request.GET.get("emoji")})
    event = get_object_or_404(conversations.about(request.user), pk=pk)
    if is_from_own_page(request, form, "emoji") and form.is_valid():
        check_limit(request, form, "emoji")
    if form.is_bound and form.is_valid():
        tally = toggle(request.user, pk, form.cleaned_data["emoji"])
        return HttpResponse(tally) if request.htmx else redirect(event)
    return show_form(request, "feed/react.html", form, event)


@page_view
@require_safe
def who(request: PageRequest, pk: int) -> HttpResponse:
    """Who has put the emoji in `?emoji=` to the event: their names, the latest first."""
    get_object_or_404(conversations.about(request.user), pk=pk)
    emoji = request.GET.get("emoji", "").replace("\0", "")
    reactions = Reaction.rows.filter(about=pk, emoji=emoji).select_related("user").order_by("-pk")
    names = [shown_name(reaction.user) for reaction in reactions[: NAMED + 1]]
    more = ["and others"] if len(names) > NAMED else []
    return HttpResponse(", ".join([*names[:NAMED], *more]), content_type="text/plain; charset=utf-8")


def toggle(user: Any, pk: int, emoji: str) -> SafeString:
    """Returns the tally. It is counted under the lock: later the event may be hidden from the user."""
    with transaction.atomic():
        event, _ = conversations.locked(conversations.about(user), pk)
        # Two taps at once put it there and take it away: the second waits for the lock of the first.
        if not Reaction.objects.filter(user=user, about=event, emoji=emoji).delete()[0]:
            Reaction.objects.create(user=user, about=event, emoji=emoji)
        return render_tally(pk, tallies([pk])[pk])
