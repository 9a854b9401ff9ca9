"""Staff make webhooks in the admin. Imported only if the extra `webhooks` is installed."""

import binascii
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from feed import log
from feed.handler_tables import HandlerCursor, Webhook
from feed.handlers.lag import lag_of
from feed.handlers.matching import problems
from feed.webhooks.posting import may_be_used


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not may_be_used(urlsplit(url)):
            raise ValidationError("Must be like https://example.com/path, without a user.")
        return url

    def clean_streams(self) -> str:
        names = self.cleaned_data["streams"].split()
        for problem in problems(frozenset(names)):
            raise ValidationError(problem)
        return " ".join(names)

    def clean_secret(self) -> str:
        secrets = self.cleaned_data["secret"].split()
        try:
            for secret in secrets:
                Signer(secret)
        except (binascii.Error, ValueError, EmptyWebhookSecretError):
            raise ValidationError("Must be like whsec_ and a key in base64.") from None
        return " ".join(secrets)


class WebhookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = WebhookForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["id", "url", "streams", "is_active", "behind", "failed"]
    list_display_links = ["id", "url"]
    list_filter = ["is_active"]
    ordering = ["pk"]

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> list[Any]:
        """The secret of a webhook is shown only to those who may change it."""
        hides = obj is not None and not self.has_change_permission(request, obj)
        return ["url", "streams", *([] if hides else ["secret"]), "is_active"]

    @admin.display(description="changes behind")
    def behind(self, webhook: Webhook) -> int | None:
        cursor = self._cursor(webhook)
        return lag_of(cursor, log.state(), 0).behind if cursor else None

    @admin.display(description="changes set aside")
    def failed(self, webhook: Webhook) -> int:
        cursor = self._cursor(webhook)
        return cursor.set_aside.count() if cursor else 0

    def _cursor(self, webhook: Webhook) -> HandlerCursor | None:
        return HandlerCursor.objects.filter(name=webhook.handler_name).first()
