"""Streams: named parts of the log. Audiences: streams that not everybody may see.

Each class defines the streams with one prefix. Several streams are their union. An app defines its own in its module
`streams`, which Django finds by itself:

    from feed.streams import Audience, Stream
"""

from feed.streams import builtin  # noqa: F401 (registers the built-in streams)
from feed.streams.access import access_changed, access_depends_on, access_follows
from feed.streams.audiences import (
    MAX_CHOICES,
    audiences_of,
    audiences_of_key,
    audiences_of_keys,
    audiences_to_post,
    choices_for,
    label,
    of,
    validate,
    validate_for,
)
from feed.streams.builtin import OfPerson
from feed.streams.newest import newest, newest_for, seen_by
from feed.streams.personal import Personal, all_personal, holds, personal
from feed.streams.requested import ONLY_PUBLIC, check, check_access, have_audiences, may_be_absent, parse
from feed.streams.stream import Audience, Stream

__all__ = [
    "MAX_CHOICES",
    "ONLY_PUBLIC",
    "Audience",
    "OfPerson",
    "Personal",
    "Stream",
    "access_changed",
    "access_depends_on",
    "access_follows",
    "all_personal",
    "audiences_of",
    "audiences_of_key",
    "audiences_of_keys",
    "audiences_to_post",
    "check",
    "check_access",
    "choices_for",
    "have_audiences",
    "holds",
    "label",
    "may_be_absent",
    "newest",
    "newest_for",
    "of",
    "parse",
    "personal",
    "seen_by",
    "validate",
    "validate_for",
]
