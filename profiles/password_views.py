"""A new password: by the old one, or by e-mail. Django's own views and forms."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordResetConfirmView, PasswordResetView
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from feed import ratelimit
from feed.access import OwnRequest, is_from_own_page, login_needed, page_view, posted
from feed.rendering import render
from profiles.account_forms import ChangePasswordForm, ResetForm, email_field
from profiles.account_views import done, show


@page_view
@login_needed
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change_password(request: OwnRequest) -> HttpResponse:
    """This session goes on. All others of the user end, and their websockets."""
    form = ChangePasswordForm(request, posted(request))
    if is_from_own_page(request, form) and form.is_valid():
        update_session_auth_hash(request, form.save())
        return done(request, "Your password is changed. You are logged out everywhere else.")
    return show(request, "profiles/password.html", form)


class FormPage:
    """Renders a page of Django's class-based views as the others are rendered."""

    request: HttpRequest
    template_name: str

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        response = render(self.request, self.template_name, context)
        form = context.get("form")
        return ratelimit.set_status(response, form) if isinstance(form, BaseForm) else response


@method_decorator(page_view, name="dispatch")  # type: ignore[arg-type]
class Reset(FormPage, PasswordResetView):
    """Sends a link to the address, if somebody has it. The answer is the same if nobody has."""

    form_class = ResetForm
    template_name = "profiles/reset.html"
    success_url = reverse_lazy("password_reset")
    email_template_name = "profiles/reset_email.txt"
    subject_template_name = "profiles/reset_subject.txt"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if email_field() is None:
            raise Http404("the users have no e-mail address")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        super().form_valid(form)
        return self.render_to_response(self.get_context_data(form=form, sent_to=form.cleaned_data["email"]))


@method_decorator(page_view, name="dispatch")  # type: ignore[arg-type]
class ResetConfirm(FormPage, PasswordResetConfirmView):
    """Where the link leads. It works once, and for PASSWORD_RESET_TIMEOUT."""

    template_name = "profiles/reset_confirm.html"
    success_url = reverse_lazy("login")
