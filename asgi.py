"""The ASGI application: pages over HTTP, the feed over a websocket."""

import gc
import os
import sys

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http = get_asgi_application()

# Imported here because these need the apps to be loaded.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from feed.connection.asgi import remember_send  # noqa: E402
from feed.connection.origins import same_origin_or_none  # noqa: E402
from feed.routing import websocket_urlpatterns  # noqa: E402
from project.graceful_shutdown import GracefulShutdown  # noqa: E402

websocket = remember_send(same_origin_or_none(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter({"http": GracefulShutdown(http), "websocket": websocket})

# Seconds for which a thread may keep the interpreter while others wait: a fifth of the default. The threads that read
# the log and render pages compete with the event loop, and a watcher's frame may have to wait several times.
sys.setswitchinterval(0.001)

# Exclude what is loaded so far from garbage collection. It stays anyway, and scanning it would delay watchers.
gc.collect()
gc.freeze()
