"""Reporting an event to the staff."""

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from feed import ratelimit
from feed.access import OwnRequest, is_from_own_page, login_needed, page_view, posted
from feed.models import Event
from feed.rendering import render
from feed.views import show_form
from profiles.report import REASON_LENGTH, is_reported, report, reportable

LABEL = "What is wrong with it?"


class ReportForm(forms.Form):
    reason = forms.CharField(
        label=LABEL,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": LABEL, "data-limit": str(REASON_LENGTH)}),
        error_messages={"required": "Say in a few words what is wrong."},
    )


@page_view
@login_needed
@require_http_methods(["GET", "POST"])
def report_event(request: OwnRequest, pk: int) -> HttpResponse:
    form = ReportForm(posted(request), auto_id="report_%s")
    event = get_object_or_404(reportable(request.user), pk=pk)
    if is_reported(request.user, event):
        return thanks(request, event, "You have reported this already.")
    limit = ratelimit.Limit("REPORT_LIMIT", (str(request.user.pk),))
    own = is_from_own_page(request, form, "reason")
    if not own or not ratelimit.check_form(limit, form, "You have reported a lot.", "reason"):
        return show_form(request, "profiles/report.html", form, event)
    try:
        report(request.user, pk, form.cleaned_data["reason"])
    except Event.DoesNotExist:
        raise Http404("it was deleted meanwhile") from None
    return thanks(request, event, "Reported. Thank you.")


def thanks(request: OwnRequest, event: Event, said: str) -> HttpResponse:
    base = "feed/alone.html" if request.htmx else "feed/page.html"
    return render(request, "profiles/reported.html", {"base": base, "event": event, "said": said})
