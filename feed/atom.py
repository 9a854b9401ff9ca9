"""Atom feeds of streams, for feed readers. They show public events only, also to a logged-in reader.

By Django's generator, without the views of django.contrib.syndication: these take the host from django.contrib.sites
where that is installed, and the feed's pages take it from the request.
"""

import re
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date, quote_etag
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from feed import outside, ratelimit, streams
from feed.frames.release import fingerprint
from feed.kinds.guard import is_outage
from feed.models import Event
from feed.outage import unavailable
from feed.people import shown_name
from feed.prose import inline
from feed.refusals import Refusal

SIZE = 30
STATUS = {4403: 403, 4404: 404, 4429: 429, None: 503}
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Feed(Atom1Feed):
    def root_attributes(self) -> dict[str, str]:
        """With the URL that relative links in texts belong to."""
        return {**super().root_attributes(), "xml:base": self.feed["link"]}


@transaction.non_atomic_requests
@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    """The newest events of the streams in `?stream=`, by default `public`."""
    try:
        return _answer(request)
    except Refusal as refusal:
        response = HttpResponse(refusal.message, content_type="text/plain", status=STATUS.get(refusal.close, 400))
        if refusal.retry_after:
            response["Retry-After"] = str(refusal.retry_after)
        return response
    except DatabaseError as error:
        if not is_outage(error):
            raise
        return unavailable(request, error)


def _answer(request: HttpRequest) -> HttpResponse:
    names = streams.parse(request.GET.getlist("stream"))
    _check_limit(request)
    streams.check(names)
    events = streams.newest_for(
        AnonymousUser(), Event.objects.with_users(), names, None, SIZE, without=Event.quiet_kinds()
    )
    etag = quote_etag(_digest(request, events))
    changed = max((_changed(event) for event in events), default=None)
    modified = changed and int(changed.timestamp())
    # Before it is written, which is most of the work.
    response = get_conditional_response(request, etag, modified)
    if response is None:
        response = HttpResponse(_written(request, sorted(names), events), content_type=Feed.content_type)
    response["ETag"] = etag
    if modified:
        response["Last-Modified"] = http_date(modified)
    # Asked for anew each time, so that what is deleted is gone.
    response["Cache-Control"] = "no-cache"
    return response


def _check_limit(request: HttpRequest) -> None:
    if wait := ratelimit.hit(ratelimit.Limit("FEED_READ_LIMIT", (ratelimit.address(request),))):
        message = f"Too many requests. Try again in {ratelimit.humanize(wait)}."
        raise Refusal("too_many_requests", message, 4429, retry_after=wait)


def _digest(request: HttpRequest, events: list[Event]) -> str:
    """Of all that the feed is made of, so that an unchanged one isn't written again."""
    shown = [(event.pk, event.changed_at, shown_name(event.user)) for event in events]
    where = outside.site_name(request), request.build_absolute_uri()
    return sha256(f"{fingerprint()}{where}{shown}".encode(errors="replace")).hexdigest()


def _changed(event: Event) -> Any:
    return event.changed_at or event.created_at


def _written(request: HttpRequest, names: list[str], events: list[Event]) -> str:
    site = outside.site_name(request)
    title = site if names == ["public"] else f"{site}: {', '.join(names)}"
    home = request.build_absolute_uri(reverse("feed:home"))
    feed = Feed(title=_xml(title), link=home, description="", feed_url=request.build_absolute_uri())
    for event in events:
        feed.add_item(**_entry(request, event))
    return feed.writeString("utf-8")


def _entry(request: HttpRequest, event: Event) -> dict[str, Any]:
    text = getattr(event, "text", None)
    # Not `get_absolute_url`: a kind's own may lead elsewhere, or fail.
    return {
        "title": _xml(Truncator(" ".join(str(event).split())).chars(outside.TITLE_LENGTH)),
        "link": request.build_absolute_uri(reverse("feed:event", args=[event.pk])),
        "description": _xml(inline(str(text or event)).replace("\n", "<br>\n")),
        "author_name": _xml(shown_name(event.user)),
        "pubdate": event.created_at,
        "updateddate": event.edited_at or event.created_at,
    }


def _xml(text: str) -> str:
    """Without the characters that XML doesn't have: one such text would break the feed of all."""
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
