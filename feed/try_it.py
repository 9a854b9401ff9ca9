"""A button on the empty feed that fills it with simulated people, for a minute: for those who try the feed out."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from feed import simulation
from feed.access import PageRequest, other_login_warning, page_view


def may_simulate(user: Any) -> bool:
    """Staff may, and with DEBUG everybody: nobody else fills a site with people who don't exist."""
    return bool(settings.DEBUG or (getattr(user, "is_staff", False) and user.is_active))


@page_view
@require_POST
def simulate(request: PageRequest) -> HttpResponse:
    if not may_simulate(request.user):
        raise PermissionDenied
    if not other_login_warning(request):
        simulation.start()
    return redirect("feed:home")
