from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bench.measures.plain.models import PlainStatus


def home(request: HttpRequest) -> HttpResponse:
    """A page as it is usually written: one query, and one template that loops over the rows."""
    events = PlainStatus._default_manager.select_related("user").order_by("-pk")[:30]
    return render(request, "plain/home.html", {"events": events})
