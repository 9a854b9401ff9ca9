"""The project's pages, and a page that posts and then fails."""

from typing import NoReturn

from django.urls import path

from feed.access import PageRequest
from feed.views import post
from project.urls import urlpatterns as pages


class TooLate(Exception):
    """Raised on purpose."""


def post_and_fail(request: PageRequest) -> NoReturn:
    assert post(request).status_code == 302
    raise TooLate


urlpatterns = [*pages, path("fails/", post_and_fail)]
