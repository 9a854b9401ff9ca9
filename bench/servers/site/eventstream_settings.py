"""The settings for django-eventstream, as its README says in "Multiple instances and scaling" and "Event storage".

Without storage django-eventstream drops all but ten waiting events of a client, and a burst has more. Events are stored
in Redis. Its other storage (see its storage.py) keeps a PostgreSQL connection open for every client, and PostgreSQL
allows a hundred.
"""

from urllib.parse import urlsplit

from bench.servers.site.settings import (
    ALLOWED_HOSTS,
    CHANNEL_LAYERS,
    DATABASES,
    DEBUG,
    DEFAULT_AUTO_FIELD,
    REDIS_URL,
    SECRET_KEY,
    USE_TZ,
)
from bench.servers.site.settings import INSTALLED_APPS as COMMON_APPS

__all__ = ["ALLOWED_HOSTS", "CHANNEL_LAYERS", "DATABASES", "DEBUG", "DEFAULT_AUTO_FIELD", "SECRET_KEY", "USE_TZ"]

INSTALLED_APPS = [*COMMON_APPS, "django_eventstream"]
ROOT_URLCONF = "bench.servers.site.eventstream_urls"

assert REDIS_URL
parts = urlsplit(REDIS_URL)
EVENTSTREAM_REDIS = {
    "host": parts.hostname,
    "port": parts.port,
    "db": int(parts.path.strip("/") or 0),
    "password": parts.password,
}
EVENTSTREAM_STORAGE_CLASS = "django_eventstream.storage.RedisStorage"
EVENTSTREAM_STORAGE_CONNECTION = EVENTSTREAM_REDIS
