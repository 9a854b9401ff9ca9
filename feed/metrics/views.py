"""`/metrics`, for the URLs of a project: `path("metrics", feed.metrics.views.metrics)`."""

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from feed.conf import conf
from feed.metrics import OPEN, is_installed

if is_installed:
    from feed.metrics.exposition import exposition


@transaction.non_atomic_requests
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers of this process. 404 unless FEED_METRICS says who may read them."""
    if not (is_installed and conf.FEED_METRICS):
        raise Http404
    if not may_read(request.headers.get("Authorization", "")):
        return HttpResponse("Send the token.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    text, content_type = exposition(request.headers.get("Accept", ""))
    return HttpResponse(text, headers={"Content-Type": content_type})


def may_read(authorization: str) -> bool:
    scheme, _, token = authorization.partition(" ")
    is_token = scheme.lower() == "bearer" and constant_time_compare(token, conf.FEED_METRICS)
    return conf.FEED_METRICS == OPEN or is_token
