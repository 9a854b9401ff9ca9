"""The admin site."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from feed import ratelimit
from profiles.forms import LoginForm


class AdminLoginForm(LoginForm, AdminAuthenticationForm):
    """The login form of the admin, with the same limits as that of the pages."""


class Site(AdminSite):
    """Django's admin site, with the limits of the login page, so that it doesn't offer a way around them."""

    login_form = AdminLoginForm

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().login(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            return ratelimit.set_status(response, response.context_data["form"])
        return response
