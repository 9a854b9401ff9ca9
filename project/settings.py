"""Settings of the project. Values that differ between machines come from the environment."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

import profiles.conf  # noqa: F401 (adds its defaults)
from feed.conf import DEFAULTS
from project.environment import env, exit_on_bad_value, one_of, positive, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

with exit_on_bad_value():
    DEBUG: bool = env.bool("DEBUG", False)
    SECRET_KEY: str = env.str("SECRET_KEY", "") or secret_key(VAR_DIR / "secret_key")
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.origins("CSRF_TRUSTED_ORIGINS", [])
    DATABASE: dict[str, Any] = env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'rill.sqlite3'}")
    REDIS_URL: str | None = env.redis("REDIS_URL", None)

    # What these mean is said where their defaults are: feed/conf.py, profiles/conf.py.
    FEED_TAIL: int = env.int("FEED_TAIL", DEFAULTS["FEED_TAIL"], validate=positive)
    FEED_TAIL_BYTES: int = env.int("FEED_TAIL_BYTES", DEFAULTS["FEED_TAIL_BYTES"], validate=positive)
    FEED_HEARTBEAT: float = env.float("FEED_HEARTBEAT", DEFAULTS["FEED_HEARTBEAT"], validate=positive)
    FEED_POLL: float = env.float("FEED_POLL", DEFAULTS["FEED_POLL"], validate=positive)
    FEED_RETENTION: float = env.float("FEED_RETENTION", DEFAULTS["FEED_RETENTION"], validate=positive)
    FEED_STALL: float = env.float("FEED_STALL", DEFAULTS["FEED_STALL"], validate=positive)
    FEED_HANDLER_LAG: float | None = env.float("FEED_HANDLER_LAG", DEFAULTS["FEED_HANDLER_LAG"], validate=positive)
    FEED_WEBHOOK_PRIVATE: bool = env.bool("FEED_WEBHOOK_PRIVATE", DEFAULTS["FEED_WEBHOOK_PRIVATE"])
    FEED_METRICS: str | None = env.str("FEED_METRICS", DEFAULTS["FEED_METRICS"])
    FEED_PRESENCE: str = env.str("FEED_PRESENCE", "names", validate=one_of("names", "count", "off"))
    FEED_API_ORIGINS: list[str] = env.origins("FEED_API_ORIGINS", DEFAULTS["FEED_API_ORIGINS"])
    FEED_POST_LIMIT: str = env.limit("FEED_POST_LIMIT", DEFAULTS["FEED_POST_LIMIT"])
    FEED_READ_LIMIT: str = env.limit("FEED_READ_LIMIT", DEFAULTS["FEED_READ_LIMIT"])
    LOGIN_LIMIT: str = env.limit("LOGIN_LIMIT", DEFAULTS["LOGIN_LIMIT"])
    LOGIN_ADDRESS_LIMIT: str = env.limit("LOGIN_ADDRESS_LIMIT", DEFAULTS["LOGIN_ADDRESS_LIMIT"])
    SIGNUP_LIMIT: str = env.limit("SIGNUP_LIMIT", DEFAULTS["SIGNUP_LIMIT"])
    RESET_LIMIT: str = env.limit("RESET_LIMIT", DEFAULTS["RESET_LIMIT"])
    PICTURE_LIMIT: str = env.limit("PICTURE_LIMIT", DEFAULTS["PICTURE_LIMIT"])
    REPORT_LIMIT: str = env.limit("REPORT_LIMIT", DEFAULTS["REPORT_LIMIT"])

    LOG_FORMAT: str = env.str("LOG_FORMAT", "lines", validate=one_of("lines", "json"))
    LOG_LEVEL: str = env.str("LOG_LEVEL", "warning", validate=one_of("debug", "info", "warning", "error"))

    # Mails are printed until there is a mail server.
    EMAIL: dict[str, Any] = env.email("EMAIL_URL", "console:")
    DEFAULT_FROM_EMAIL: str = env.str("EMAIL_FROM", "Rill <rill@localhost>")

globals().update(EMAIL)  # the settings EMAIL_BACKEND, EMAIL_HOST and so on

HTTPS = any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)

INSTALLED_APPS = [
    "daphne",  # before staticfiles, which has a runserver too
    "project.apps.ProjectConfig",
    "project.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "feed",
    "profiles",
]

MIDDLEWARE = [
    "project.static_files.StaticFilesMiddleware",  # first, because the files need no other headers
    "feed.logging.request_ids.request_ids",
    "django.middleware.security.SecurityMiddleware",
    # Before what may refuse a request, such as one for another host, so that those responses get these headers, too.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # SECURITY.md says why this is safe
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            # With DEBUG, templates are not cached, so that edits show without a restart under every server.
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
    # A file, because the hub's threads and other processes can't share a database in memory.
    DATABASE["TEST"] = {"NAME": VAR_DIR / f"test-{os.getpid()}.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        # By default, groups lose their members after a day.
        "CONFIG": {"group_expiry": 10**9},
    }
}
if REDIS_URL:
    from project.redis_connection import redis_host

    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"prefix": "rill", "hosts": [redis_host(REDIS_URL)]},
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
with suppress(OSError):  # without the folder, static files are served from their sources
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "project.static_files.Storage"},
}
# Plain names come from the sources, also without collectstatic. Names with a hash come from STATIC_ROOT.
WHITENOISE_USE_FINDERS = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}\.\w+$"
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

FEED_SITE_NAME = "Rill"

X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
# An https origin in CSRF_TRUSTED_ORIGINS means that the site is served over https, behind a proxy that terminates TLS
# and sets X-Forwarded-Proto. Neither Daphne nor uvicorn is meant to be exposed to the internet directly.
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # No HSTS for subdomains and no preloading, because both would affect other sites.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"  # other hosts of the domain and http pages can't set it
    CSRF_COOKIE_SECURE = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "no traceback": {"()": "project.log_filters.WithoutTraceback"},
        "no repeats": {"()": "project.log_filters.WithoutRepeats"},
    },
    "formatters": {
        "lines": {"()": "feed.logging.lines.LineFormatter"},
        "json": {"()": "feed.logging.json.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "feed": {"level": LOG_LEVEL.upper()},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "uvicorn.error": {"filters": ["no traceback"]},  # clients can send invalid UTF-8
        "channels_redis.pubsub": {"filters": ["no traceback", "no repeats"]},  # without Redis the feed polls
        # Bad requests are answered, not logged.
        "django.request": {"level": "ERROR"},
    },
}
if LOG_FORMAT == "json":  # all of the output is JSON then; uvicorn has set up its own loggers before
    for name in ("uvicorn", "uvicorn.access"):
        LOGGING["loggers"][name] = {"handlers": ["console"], "propagate": False}
