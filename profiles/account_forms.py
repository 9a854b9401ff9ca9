"""Forms of one's own account: password, e-mail address and picture."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordChangeForm, PasswordResetForm
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest

from feed.access import OwnRequest
from feed.ratelimit import Limit, TooMany, address, hit
from profiles import mail, names
from profiles.forms import NAMES
from profiles.own_password import OwnPasswordForm, check_password
from profiles.pictures import FORMATS, MAX_BYTES, encoded

USER = get_user_model()


def email_field() -> str | None:
    """The field of the user model with the e-mail address, if it has one."""
    name = USER.get_email_field_name()
    try:
        return USER._meta.get_field(name).name
    except FieldDoesNotExist:
        return None


class ChangePasswordForm(PasswordChangeForm):
    """Django's form, with the limits of the login."""

    def __init__(self, request: OwnRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request.user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        return check_password(self.request, self.user, self.cleaned_data["old_password"])


class ResetForm(PasswordResetForm):
    """Django's form. It never tells whether somebody has this address, neither by words nor by time."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        # By the address that is typed, too, or many clients together could fill somebody's mailbox.
        limits = Limit("RESET_LIMIT", (email.casefold(),)), Limit("LOGIN_ADDRESS_LIMIT", (address(self.request),))
        if wait := hit(*limits):
            raise TooMany("Too many requests for a new password.", wait)
        return email

    def get_users(self, email: str) -> Iterator[Any]:
        """Not all user models have a column `is_active`, which Django's own method asks for."""
        if field := email_field():
            found = USER._default_manager.filter(**{f"{field}__iexact": email})
            yield from (user for user in found if user.is_active and user.has_usable_password())

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        mail.later(super().send_mail, *args, **kwargs)


class EmailForm(OwnPasswordForm):
    email = forms.EmailField(
        label="E-mail address",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="For a new password, if you forget yours. Nobody else sees it.",
    )
    field_order = ["email", "password"]

    def clean_email(self) -> str:
        email, field = USER._default_manager.normalize_email(self.cleaned_data["email"]), email_field()
        if field in NAMES:  # a project where it is the name for the log-in
            if not email:
                raise forms.ValidationError("You log in with it.", code="required")
            if email.casefold() != str(getattr(self.request.user, field)).casefold():
                names.check(email, field)
        return str(email)


class PictureForm(forms.Form):
    picture = forms.FileField(
        label="Your picture",
        widget=forms.FileInput(attrs={"accept": ",".join(f"image/{name.lower()}" for name in FORMATS)}),
        help_text="JPEG, PNG, WebP or GIF, at most 5 MB. Only its middle is kept, as a square, without place and time.",
        error_messages={"required": "Choose a file first."},
    )

    def __init__(self, user: Any, *args: Any) -> None:
        super().__init__(*args)
        self.user = user

    def clean_picture(self) -> dict[int, bytes]:
        """The picture, encoded, by size."""
        file = self.cleaned_data["picture"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError("The picture is too large. At most 5 MB are allowed.", code="bytes")
        if wait := hit(Limit("PICTURE_LIMIT", (str(self.user.pk),))):
            raise TooMany("That were a lot of pictures.", wait)
        return encoded(file)
