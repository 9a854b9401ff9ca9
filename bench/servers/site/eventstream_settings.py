"""The same for django-eventstream, as its README says under "Multiple instances and scaling" and "Event storage".

Without storage it drops what a client has waiting beyond ten events, which a burst exceeds. Of its two storages (in its
storage.py) the one in the database keeps a connection to PostgreSQL for every client, and PostgreSQL takes a hundred;
so it is the one in Redis.
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
