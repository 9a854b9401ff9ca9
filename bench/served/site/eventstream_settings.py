"""The same for django-eventstream, as its README says under "Multiple instances" and "Event storage".

Without storage it drops what a client has waiting beyond ten events, which a burst exceeds; with it these are read
from the database, as Rill's log is.
"""

from urllib.parse import urlsplit

from bench.served.site.settings import (
    ALLOWED_HOSTS,
    CHANNEL_LAYERS,
    DATABASES,
    DEBUG,
    DEFAULT_AUTO_FIELD,
    REDIS_URL,
    SECRET_KEY,
    USE_TZ,
)
from bench.served.site.settings import INSTALLED_APPS as COMMON_APPS

__all__ = ["ALLOWED_HOSTS", "CHANNEL_LAYERS", "DATABASES", "DEBUG", "DEFAULT_AUTO_FIELD", "SECRET_KEY", "USE_TZ"]

INSTALLED_APPS = [*COMMON_APPS, "django_eventstream"]
ROOT_URLCONF = "bench.served.site.eventstream_urls"

EVENTSTREAM_STORAGE_CLASS = "django_eventstream.storage.DjangoModelStorage"
if REDIS_URL:
    parts = urlsplit(REDIS_URL)
    EVENTSTREAM_REDIS = {
        "host": parts.hostname,
        "port": parts.port,
        "db": int(parts.path.strip("/") or 0),
        "password": parts.password,
    }
