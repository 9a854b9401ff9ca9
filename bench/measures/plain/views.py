import json

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from bench.measures.plain.models import PlainStatus


class PlainForm(forms.Form):
    text = forms.CharField(max_length=2000)


def home(request: HttpRequest) -> HttpResponse:
    """A page as it is usually written: one query, and one template that loops over the rows."""
    events = PlainStatus._default_manager.select_related("user").order_by("-pk")[:30]
    return render(request, "plain/home.html", {"events": events})


@login_required
@require_POST
def post(request: HttpRequest) -> HttpResponse:
    """A post by JSON as it is usually written: a form that checks it, a row, and the row as JSON."""
    form = PlainForm(json.loads(request.body))
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    with transaction.atomic():
        event = PlainStatus(user=request.user, kind="status_change", text=form.cleaned_data["text"])
        event.save()
    shown = {"id": event.pk, "user": event.user.get_username(), "text": event.text, "created_at": event.created_at}
    return JsonResponse(shown, status=201)
