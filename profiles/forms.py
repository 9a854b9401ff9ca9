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


def is_required(field: str) -> bool:
    return not USER._meta.get_field(field).blank  # type: ignore[union-attr]


class SignupForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Django's sign-up form for any user model: the user's name, and the other fields that the model requires."""

    class Meta(BaseUserCreationForm.Meta):
        model = USER
        fields = (USER.USERNAME_FIELD, *filter(is_required, USER.REQUIRED_FIELDS))

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


class AdminLoginForm(LoginForm, AdminAuthenticationForm):
    """The same limits for the login page of the admin."""


class WebsiteField(forms.URLField):
    """A URL with http or https. Others, such as javascript: URLs, are refused."""

    default_validators = [URLValidator(schemes=["http", "https"])]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    website = WebsiteField(
        required=False, assume_scheme="https", max_length=200, help_text="Your website or a page about you."
    )

    class Meta:
        model = UserProfile
        fields = ["website", "bio"]
        widgets = {"bio": forms.Textarea(attrs={"rows": 4})}
