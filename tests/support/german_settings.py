"""The project's settings, where numbers, words and times are written in another way than in ours."""

from project.settings import *  # noqa: F403

LANGUAGE_CODE = "de"
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Kathmandu"  # UTC+05:45
