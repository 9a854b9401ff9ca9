"""What pages show of who follows whom."""

from typing import Any

from django import template
from django.template import Context

from profiles import following

SUGGESTED = 5

register = template.Library()


@register.simple_tag(takes_context=True)
def follows(context: Context, person: Any) -> bool:
    """Whether the page's user follows the person. A list says in `known` whom among its people."""
    known = context.get("known")
    if known is not None:
        return person.pk in known
    return following.is_following(context["request"].user, person)


@register.simple_tag
def counts(person: Any) -> dict[str, int]:
    return {"followers": person.profile_followers.count(), "following": person.profile_follows.count()}


@register.simple_tag(takes_context=True)
def whom_to_follow(context: Context) -> list[Any]:
    """Some people for a user who follows nobody yet."""
    user = context["request"].user
    if not user.is_authenticated or user.profile_follows.exists():
        return []
    return following.suggested(user, SUGGESTED)
