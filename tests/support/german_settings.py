"""The project's settings with another language, number format and time zone."""

from project.settings import *  # noqa: F403

LANGUAGE_CODE = "de"
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Kathmandu"  # UTC+05:45
