"""Names of people: which names a new user may choose, and how a name is written in a URL."""

import unicodedata
from typing import Any
from urllib.parse import unquote

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q

from feed.people import NOBODY, name_field, name_of

CONFUSABLE_SCRIPTS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}
"""Scripts with letters that look like letters of another script."""


UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Categories of Unicode: control characters, those that change the direction of text, and those that nobody sees."""
BLANKS = {"\u115f", "\u1160", "\u3164", "\uffa0"}
"""Letters, to Unicode, that look like spaces."""


class NameConverter:
    """Converts a name to one segment of a path.

    A name that no form has checked may be "../admin". Browsers resolve ".." and also "%2E%2E", and some proxies take
    "%2F" for a slash. So the name is quoted twice: here, and then with the whole URL.
    """

    regex = "[^/]*"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, name: str) -> str:
        quoted = name.replace("%", "%25").replace("/", "%2F")
        return quoted if name.strip(".") else quoted.replace(".", "%2E")


def check(name: str, field: str | None = None) -> str:
    """Return the name if a new user may have it. Raises ValidationError.

    field: the field of the user model that holds it; by default the one with the public names.
    """
    if not name.strip("."):
        raise forms.ValidationError("A name can't consist of dots only.", code="dots")
    if mixes_scripts(name):
        raise forms.ValidationError("A name can't mix similar alphabets, such as Latin and Cyrillic.", code="mix")
    if name.casefold() == NOBODY.casefold():
        raise forms.ValidationError("This name is reserved.", code="reserved")
    if is_taken(name, field or name_field()):
        raise forms.ValidationError("A user with that username already exists.", code="unique")
    return name


def check_display_name(name: str, user: Any) -> str:
    """Return the name that a user wants to be shown by, normalised. Raises ValidationError."""
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if any(unicodedata.category(character) in UNSEEN for character in name):
        raise forms.ValidationError("A name can't have characters that are not visible.", code="unseen")
    if name and not any(letter.isalnum() and letter not in BLANKS for letter in name):
        raise forms.ValidationError("A name needs a letter or a digit.", code="blank")
    if mixes_scripts(name):
        raise forms.ValidationError("A name can't mix similar alphabets, such as Latin and Cyrillic.", code="mix")
    handle = name.lstrip("@ ")  # "@bob" would pass for bob, too
    is_own = handle.casefold() == str(name_of(user)).casefold()
    if handle.casefold() == NOBODY.casefold() or (handle and not is_own and is_taken(handle, name_field())):
        raise forms.ValidationError("This is the name of somebody else.", code="taken")
    return "" if name == name_of(user) else name


def mixes_scripts(name: str) -> bool:
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}
    return len(scripts & CONFUSABLE_SCRIPTS) > 1


def is_taken(name: str, field: str) -> bool:
    """Whether a user has this name, ignoring case. Tries several spellings, because a database may ignore case only in
    ASCII."""
    return get_user_model()._default_manager.filter(spelled_like(name, field)).exists()


def spelled_like(name: str, field: str) -> Q:
    spellings = {name.lower(), name.upper(), name.capitalize(), name.title(), name.casefold()}
    return Q(**{f"{field}__in": spellings}) | Q(**{f"{field}__iexact": name})
