"""What else one can do with an event: a page without scripts, and with them the content of a menu that all rows share.

So rows stay small, and are the same for everybody.
"""

from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from feed import conversations
from feed.access import PageRequest, page_view
from feed.muted import muted_by
from feed.rendering import render


@page_view
@require_safe
def more(request: PageRequest, pk: int) -> HttpResponse:
    return show_choices(request, pk)


def show_choices(request: PageRequest, pk: int, said: str = "", form: BaseForm | None = None) -> HttpResponse:
    """
    said: what the user has just done.
    form: the form that the user has just sent, for its errors.
    """
    event: Any = get_object_or_404(conversations.about(request.user).select_related("user"), pk=pk)
    thread, muted = event.in_thread or pk, muted_by(request.user)
    context = {
        "base": "feed/alone.html" if request.htmx else "feed/page.html",
        "event": event,
        "thread": thread,
        "is_muted": {"person": str(event.user_id) in muted.people, "thread": thread in muted.threads},
        "url": request.build_absolute_uri(event.get_absolute_url()),
        "said": said,
        "form": form,
    }
    return render(request, "feed/more.html", context)
