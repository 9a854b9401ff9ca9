from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.core.validators import URLValidator

from feed.ratelimit import Limit, TooMany, address, hit, seconds_left
from profiles import names
from profiles.models import UserProfile

USER = get_user_model()


def is_needed(field: str) -> bool:
    return not USER._meta.get_field(field).blank  # type: ignore[union-attr]


class SignupForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Django's own, for any user model: its name, and what else it can't do without."""

    class Meta(BaseUserCreationForm.Meta):
        model = USER
        fields = (USER.USERNAME_FIELD, *filter(is_needed, USER.REQUIRED_FIELDS))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        field = self._meta.model.USERNAME_FIELD
        if name := cleaned.get(field):
            try:
                names.check(name)
            except forms.ValidationError as error:
                self.add_error(field, error)
        return cleaned


class LoginForm(AuthenticationForm):
    """Django's own, for as long as not too many log-ins have failed: after that not even the right password helps.

    They are counted by address and name, so that nobody can lock alice out from elsewhere, and by address alone. Where
    addresses aren't known they are counted by name: passwords could be guessed without a limit otherwise.
    A log-in that succeeds forgives none: with an account of one's own it could be had at will.
    """

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if name is None or self.request is None:
            return super().clean()
        here = address(self.request)
        limits = Limit("LOGIN_LIMIT", (here or "", name.casefold())), Limit("LOGIN_ADDRESS_LIMIT", (here,))
        refuse(seconds_left(*limits))
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            refuse(hit(*limits))
            raise
        # Or of a thousand that are tried at once, before any has failed, the right one would get through.
        refuse(seconds_left(*limits))
        return cleaned


def refuse(wait: int) -> None:
    if wait:
        raise TooMany("Too many log-ins have failed.", wait)


class AdminLoginForm(LoginForm, AdminAuthenticationForm):
    """The same for the admin's own page."""


class WebsiteField(forms.URLField):
    """A URL that is on the web: no javascript:, no ftp:."""

    default_validators = [URLValidator(schemes=["http", "https"])]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    website = WebsiteField(
        required=False, assume_scheme="https", max_length=200, help_text="Where else you are to be found."
    )

    class Meta:
        model = UserProfile
        fields = ["website", "bio"]
        widgets = {"bio": forms.Textarea(attrs={"rows": 4})}
