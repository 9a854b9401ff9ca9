"""`{{ event.text|prose }}`: a text of people, with its links, mentions and code. `prose_inline` is for a part of a
sentence."""

from django import template

from feed.prose import inline, prose

register = template.Library()
register.filter("prose", prose)
register.filter("prose_inline", inline)
