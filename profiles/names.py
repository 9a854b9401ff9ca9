"""Names of people: which can be taken, and how any of them stands in a URL."""

import unicodedata
from urllib.parse import unquote

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q

ALIKE = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}
"""Scripts with letters that can be taken for another's."""


class NameConverter:
    """A name as one part of a path.

    A name that no form has checked may be ../admin. Browsers take .. for a way up, %2E%2E as well, and some proxies
    %2F for a slash. Quoted here, and again with the whole URL, it is a name to all of them.
    """

    regex = "[^/]*"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, name: str) -> str:
        quoted = name.replace("%", "%25").replace("/", "%2F")
        return quoted if name.strip(".") else quoted.replace(".", "%2E")


def check(name: str) -> str:
    """The name, for somebody who signs up with it. Raises ValidationError if it could be taken for something else."""
    if not name.strip("."):
        raise forms.ValidationError("A name needs more than dots.", code="dots")
    if mixes_scripts(name):
        raise forms.ValidationError("A name can't mix letters that look alike: of Latin and Cyrillic, say.", code="mix")
    if is_taken(name):
        raise forms.ValidationError("A user with that username already exists.", code="unique")
    return name


def mixes_scripts(name: str) -> bool:
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}
    return len(scripts & ALIKE) > 1


def is_taken(name: str) -> bool:
    """Whether somebody has the name but for upper and lower case, of which a database may know in ASCII alone."""
    spellings = {name.lower(), name.upper(), name.capitalize(), name.title(), name.casefold()}
    field = get_user_model().USERNAME_FIELD
    named = Q(**{f"{field}__in": spellings}) | Q(**{f"{field}__iexact": name})
    return get_user_model()._default_manager.filter(named).exists()
