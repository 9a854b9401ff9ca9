from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from feed.api import api
from feed.health import healthz, readyz
from feed.metrics.views import metrics

ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /api/
Disallow: /search/
"""


def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers may leave out: pages without end."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("", include("feed.urls")),
    path("", include("profiles.urls")),
    path("accounts/", include("profiles.accounts_urls")),
    path("api/", api.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("robots.txt", robots),
    # Browsers request it for pages without a link to the icon.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg")),
    path("admin/", admin.site.urls),
]

handler400 = "project.outage.bad_request"
handler500 = "project.outage.server_error"
