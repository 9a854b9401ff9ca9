from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.core.validators import URLValidator

from profiles import names
from profiles.models import UserProfile


class SignupForm(UserCreationForm):  # type: ignore[type-arg]
    def clean_username(self) -> str:
        name = super().clean_username()
        return names.check(name) if name else name


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
