"""Settings of the project, all in one file; what differs between machines comes from the environment."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError, TimeoutError

from project.environment import env, keepalive, one_sentence, positive, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

with one_sentence():
    DEBUG: bool = env.bool("DEBUG", False)
    SECRET_KEY: str = env.str("SECRET_KEY", "") or secret_key(VAR_DIR / "secret_key")
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.origins("CSRF_TRUSTED_ORIGINS", [])
    DATABASE: dict[str, Any] = env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'rill.sqlite3'}")
    REDIS_URL: str | None = env.redis("REDIS_URL", None)

    FEED_TAIL: int = env.int("FEED_TAIL", 1000, validate=positive)
    """Newest changes that a server process keeps in memory."""
    FEED_TAIL_BYTES: int = env.int("FEED_TAIL_BYTES", 16 * 1024 * 1024, validate=positive)
    """What these may take. Older ones are read from the database when they are due."""
    FEED_HEARTBEAT: float = env.float("FEED_HEARTBEAT", 15.0, validate=positive)
    """Seconds after which a watcher of a quiet feed is sent a frame with no changes."""
    FEED_POLL: float = env.float("FEED_POLL", 1.0, validate=positive)
    """Seconds after which the log is read although no doorbell rang."""
    FEED_RETENTION: float = env.float("FEED_RETENTION", 30.0, validate=positive)
    """Days for which `manage.py prune_log` keeps a change."""
    FEED_STALL: float = env.float("FEED_STALL", 30.0, validate=positive)
    """Seconds for which a client may not read before its connection is ended."""

    # In the notation of https://limits.readthedocs.io/: nobody who types meets them.
    FEED_POST_LIMIT: str = env.limit("FEED_POST_LIMIT", "300/minute; 3000/hour")
    """How often a user may post, comment, edit and delete, all together."""
    FEED_READ_LIMIT: str = env.limit("FEED_READ_LIMIT", "3000/minute")
    """How often an address may ask for a snapshot; one of many streams counts as several."""
    LOGIN_LIMIT: str = env.limit("LOGIN_LIMIT", "10/minute; 50/hour")
    """How often a log-in with one name may fail from one address."""
    LOGIN_ADDRESS_LIMIT: str = env.limit("LOGIN_ADDRESS_LIMIT", "100/hour")
    """How often log-ins may fail from one address, whatever the names."""
    SIGNUP_LIMIT: str = env.limit("SIGNUP_LIMIT", "300/hour")
    """How many may sign up from one address."""

HTTPS = any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)

INSTALLED_APPS = [
    "daphne",  # before staticfiles: its runserver
    "project.apps.ProjectConfig",
    "project.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "ninja",
    "feed",
    "profiles",
]

MIDDLEWARE = [
    # First, so that what the others answer by themselves has these headers, too: a host that isn't ours, a file.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "asgi.application"

TEMPLATE_LOADERS = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # While they are written, each is read anew for each page, under every server.
            "loaders": TEMPLATE_LOADERS if DEBUG else [("django.template.loaders.cached.Loader", TEMPLATE_LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": DATABASE}
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because the hub's thread and server processes can't share a database in memory.
    DATABASE["TEST"] = {"NAME": VAR_DIR / f"test-{os.getpid()}.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        # Its groups forget their members after a day unless told otherwise.
        "CONFIG": {"group_expiry": 10**9},
    }
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "prefix": "rill",
            "hosts": [
                {
                    "address": REDIS_URL,
                    "retry": Retry(ExponentialBackoff(cap=0.2, base=0.02), 3),
                    "retry_on_error": [ConnectionError, TimeoutError],
                    **keepalive(REDIS_URL, seconds=10),
                }
            ],
        },
    }

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "feed:home"
LOGOUT_REDIRECT_URL = "feed:home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
with suppress(OSError):  # it's only for what collectstatic gathers
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served from where they are: nothing to collect before the start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
# A site that is reached over https says so by an origin in CSRF_TRUSTED_ORIGINS, and stands behind a
# proxy that ends TLS and sets X-Forwarded-Proto: neither Daphne nor uvicorn is meant to face the web.
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # Neither for subdomains nor to be preloaded: that would bind sites which are not this one.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"  # by its name no other host of the domain can set it, and none over http
    CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "outage": {"()": "project.outage.InOneLine"},
        "one line": {"()": "project.quiet.OneLine"},
        "once": {"()": "project.quiet.Once"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "uvicorn.error": {"filters": ["one line"]},  # a client's UTF-8 may be broken
        "channels_redis.pubsub": {"filters": ["one line", "once"]},  # while Redis is down the feed goes on by polling
        # What is wrong with a request is told to whoever has sent it.
        "django.request": {"level": "ERROR", "filters": ["outage"]},
    },
}
