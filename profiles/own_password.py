"""Forms that ask for one's own password: a browser that was left open must not be enough."""

from typing import Any

from django import forms
from django.http import HttpRequest

from feed.ratelimit import Limit, address, hit, seconds_left
from profiles.forms import raise_if_limited


def check_password(request: HttpRequest, user: Any, password: str) -> str:
    """Return the user's password if it is right. Raises ValidationError. Wrong ones count as failed logins do."""
    here = address(request)
    limits = Limit("LOGIN_LIMIT", (here or "", user.get_username().casefold())), Limit("LOGIN_ADDRESS_LIMIT", (here,))
    raise_if_limited(seconds_left(*limits))
    if not user.check_password(password):
        raise_if_limited(hit(*limits))
        raise forms.ValidationError("This isn't your password.", code="password")
    raise_if_limited(seconds_left(*limits))
    return password


class OwnPasswordForm(forms.Form):
    """Done only with the user's password."""

    password = forms.CharField(
        label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        return check_password(self.request, self.request.user, self.cleaned_data["password"])
