"""Who is watching, as the page first shows it. Then the socket keeps it up to date."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest

from feed.conf import conf
from feed.presence.people import visitor_named
from feed.presence.watching import OFF, Watching, newest

register = template.Library()


@register.simple_tag
def watching(request: HttpRequest, user: Any) -> Watching | None:
    """Who is watching, with the user of this page; None if the project doesn't want that."""
    if conf.FEED_PRESENCE == OFF:
        return None
    key = user._meta.pk.value_to_string(user) if user.is_authenticated else ""
    visitor = "" if key else visitor_named(request.COOKIES.get(settings.CSRF_COOKIE_NAME))
    return newest.get().with_one_more(key, visitor)
