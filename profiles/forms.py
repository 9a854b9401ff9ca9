from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm, UsernameField
from django.core.validators import URLValidator
from django.db import models

from feed.people import name_field
from feed.ratelimit import Limit, TooMany, address, hit, seconds_left
from profiles import names
from profiles.models import BIO_LENGTH, NAME_LENGTH, UserProfile

USER = get_user_model()


NAMES = tuple(dict.fromkeys([USER.USERNAME_FIELD, name_field()]))
"""The fields of the user model that identify a user: for the log-in, and for the others."""


CHARACTERS = [name for name in NAMES if type(USER._meta.get_field(name)) is models.CharField]
"""Those of plain text, in which characters that look alike are made one. Others have their own form fields."""


def is_required(field: str) -> bool:
    """Whether a person who signs up must fill in this field. The password has its own fields."""
    found: Any = USER._meta.get_field(field)
    return found.editable and not found.blank and field not in {*NAMES, "password"}


class SignupForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Django's sign-up form for any user model: the name for the log-in, the public name if that is another one, and
    the other fields that the model requires."""

    class Meta(BaseUserCreationForm.Meta):
        model = USER
        fields = (*NAMES, *filter(is_required, getattr(USER, "REQUIRED_FIELDS", ())))
        field_classes = dict.fromkeys(CHARACTERS, UsernameField)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for field in NAMES:
            if name := cleaned.get(field):
                try:
                    names.check(str(name), field)
                except forms.ValidationError as error:
                    self.add_error(field, error)
        return cleaned


class LoginForm(AuthenticationForm):
    """Django's login form with a limit on failed logins. Above the limit even the right password is refused.

    Failures are counted by address and name together, so that nobody can lock alice out from another address, and also
    by address alone. If addresses aren't known, failures are counted by name, or passwords could be guessed without
    limit. A successful login doesn't reset the counts, or attackers could reset them with their own account.
    """

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if name is None or self.request is None:
            return super().clean()
        here = address(self.request)
        limits = Limit("LOGIN_LIMIT", (here or "", name.casefold())), Limit("LOGIN_ADDRESS_LIMIT", (here,))
        raise_if_limited(seconds_left(*limits))
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            raise_if_limited(hit(*limits))
            raise
        # Checked again, or one of a thousand simultaneous guesses could succeed before the others have failed.
        raise_if_limited(seconds_left(*limits))
        return cleaned


def raise_if_limited(seconds: int) -> None:
    if seconds:
        raise TooMany("Too many failed logins.", seconds)


class WebsiteField(forms.URLField):
    """A URL with http or https. Others, such as javascript: URLs, are refused."""

    default_validators = [URLValidator(schemes=["http", "https"])]


class BioField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            required=False,
            max_length=BIO_LENGTH,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=f"A few words about you, at most {BIO_LENGTH} characters.",
        )

    def to_python(self, value: Any) -> Any:
        # Browsers send a line break as two characters, and count it as one.
        return super().to_python(value and value.replace("\r\n", "\n"))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # For the script that counts. With maxlength a browser would cut off a pasted text, without a word.
        return {"data-limit": str(self.max_length)}


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    website = WebsiteField(
        required=False, assume_scheme="https", max_length=200, help_text="Your website or a page about you."
    )
    bio = BioField()

    class Meta:
        model = UserProfile
        fields = ["display_name", "website", "bio", "show_presence"]
        help_texts = {"display_name": f"Shown beside your handle, at most {NAME_LENGTH} characters."}

    def clean_display_name(self) -> str:
        return names.check_display_name(self.cleaned_data["display_name"], self.instance.user)
