"""Django's settings for e-mail from one URL."""

from typing import Any
from urllib.parse import unquote, urlsplit

from environs import ValidationError

BACKEND = "django.core.mail.backends"
PORTS = {"smtp": 587, "smtps": 465}


def email(url: str | dict[str, Any]) -> dict[str, Any]:
    """The settings for `smtp://user:password@host:587` (STARTTLS), `smtps://…` (TLS from the start), or `console:`.
    Raises ValidationError."""
    if url == "console:":
        return {"EMAIL_BACKEND": f"{BACKEND}.console.EmailBackend"}
    parts = urlsplit(str(url))
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or parts.path.strip("/"):
        raise ValidationError("Must be console: or a URL like smtp://user:password@host:587 or smtps://host.")
    return {
        "EMAIL_BACKEND": f"{BACKEND}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp" and not is_local(parts.hostname),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def is_local(host: str) -> bool:
    """Whether the mail server is on this machine. It usually has no certificate, and needs none."""
    return host in {"localhost", "127.0.0.1", "::1"}
