"""The table of access tokens. Only `feed.tokens` writes it."""

from typing import Any, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.utils import timezone

from feed.tokens.refused import missing_scope

SCOPES = {
    "read": "Read all that you may see.",
    "post": "Post, edit and delete in your name.",
}
"""What a token may do, in the words that its user reads."""


class TokenQuerySet(models.QuerySet["Token"]):
    def of(self, user: Any) -> Self:
        """The user's tokens, newest first, also those that have expired."""
        return self.filter(user=user).newest()

    def newest(self) -> Self:
        return self.order_by("-pk")

    def unexpired(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def with_users(self) -> Self:
        """With their users, except those whom the project's default manager hides, as Django's own log-in does."""
        return self.select_related("user").filter(user__in=get_user_model()._default_manager.all())


class Token(models.Model):
    """What a program identifies itself with. To revoke it, delete it.

    name: what its user calls it.
    digest: of the secret, which isn't kept.
    scopes: those of SCOPES that it has.
    last_used_at: exact to a minute.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        app_label = "feed"

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.scopes)})"

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def need(self, scope: str) -> None:
        """Raise Refusal if the token doesn't have this scope."""
        if scope not in self.scopes:
            raise missing_scope(scope)
