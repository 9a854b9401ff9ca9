"""A shop with its own pages and styles, which has the feed below /activity/. No `profiles`, and no sign-up."""

import os
from pathlib import Path

from tests.adopters.bare.settings import *  # noqa: F403
from tests.adopters.bare.settings import INSTALLED_APPS

FOLDER = Path(__file__).parent
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.messages", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.adopters.foreign.urls"
ASGI_APPLICATION = "tests.adopters.foreign.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FOLDER / "templates"],
        "APP_DIRS": True,
    }
]
STATIC_URL = "/static/"
LOGIN_URL = "login"
FORCE_SCRIPT_NAME = os.environ.get("SCRIPT_NAME")
