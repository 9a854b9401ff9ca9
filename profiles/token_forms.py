"""The form for a new access token."""

from typing import Any

from django import forms

from feed import tokens
from feed.access import OwnRequest
from profiles.own_password import OwnPasswordForm

LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "until I revoke it")]


class TokenForm(OwnPasswordForm):
    """Needs the password, because a token outlives the browser that it was made in. People who log in elsewhere have
    none to give."""

    name = forms.CharField(
        label="What is it for?",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="So that you know it again, such as “build server”.",
    )
    read = forms.BooleanField(label="Read", required=False, initial=True, help_text=tokens.SCOPES["read"])
    post = forms.BooleanField(label="Post", required=False, help_text=tokens.SCOPES["post"])
    days = forms.ChoiceField(label="It is valid for", choices=LIFETIMES, initial="90", required=False)
    field_order = ["name", "read", "post", "days", "password"]

    def __init__(self, *args: Any, request: OwnRequest, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if not request.user.has_usable_password():
            del self.fields["password"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.scopes():
            self.add_error("read", forms.ValidationError("Choose what the token is good for.", code="scopes"))
        return cleaned

    def scopes(self) -> list[str]:
        return [scope for scope in tokens.SCOPES if self.cleaned_data.get(scope)]

    def issue(self) -> tuple[tokens.Token, str] | None:
        """The new token and its secret, or None if the user has too many."""
        days = self.cleaned_data["days"]
        try:
            return tokens.issue(
                self.request.user, self.cleaned_data["name"], self.scopes(), float(days) if days else None
            )
        except tokens.TooManyTokens as error:
            self.add_error(None, error)
            return None
