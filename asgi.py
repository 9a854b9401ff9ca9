"""The ASGI application: pages over HTTP, the feed over a websocket."""

import gc
import os
import sys

import django
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

# Imported here because they need the apps to be loaded.
from feed.asgi import with_feed  # noqa: E402
from project.graceful_shutdown import GracefulShutdown  # noqa: E402
from project.static_files import collect  # noqa: E402

collect()  # before the middleware, which looks at the files when it is made
application = with_feed(GracefulShutdown(get_asgi_application()))

# Seconds for which a thread may keep the interpreter while others wait: a fifth of the default. The threads that read
# the log and render pages compete with the event loop, and a watcher's frame may have to wait several times.
sys.setswitchinterval(0.001)

# Exclude what is loaded so far from garbage collection. It stays anyway, and scanning it would delay watchers.
gc.collect()
gc.freeze()
