"""`{{ event.text|prose }}`: a text of people, with its links, mentions and code."""

from django import template

from feed.prose import prose

register = template.Library()
register.filter("prose", prose)
