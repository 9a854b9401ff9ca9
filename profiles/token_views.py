"""One's own access tokens: see, make and revoke them."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from feed import tokens
from feed.access import OwnRequest, is_from_own_page, login_needed, other_login_warning, page_view, posted
from profiles.account_views import show
from profiles.token_forms import TokenForm


@page_view
@login_needed
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def own_tokens(request: OwnRequest) -> HttpResponse:
    """The list, with a form for a new one. Its secret is in the response to the form, and nowhere else: no redirect
    could bring it without keeping it somewhere."""
    form = TokenForm(posted(request), request=request)
    made = form.issue() if is_from_own_page(request, form) and form.is_valid() else None
    if made is None:
        return page(request, form)
    token, secret = made
    return page(request, TokenForm(request=request), new=token, secret=secret)


@page_view
@login_needed
@require_POST
def revoke_token(request: OwnRequest, pk: int) -> HttpResponse:
    if warning := other_login_warning(request):
        messages.warning(request, warning, fail_silently=True)
        return redirect("profiles:tokens")
    token = get_object_or_404(tokens.Token.objects.of(request.user), pk=pk)
    token.delete()
    messages.success(request, f"The token “{token.name}” is revoked.", fail_silently=True)
    return redirect("profiles:tokens")


def page(request: OwnRequest, form: BaseForm, **context: Any) -> HttpResponse:
    found = tokens.Token.objects.of(request.user)
    response = show(request, "profiles/tokens.html", form, tokens=found, **context)
    patch_cache_control(response, no_store=True)  # neither a disk nor the browser's way back may have the secret
    return response
