"""The ASGI application: pages over HTTP, the feed over a websocket."""

import gc
import os
import sys

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http = get_asgi_application()

# Only now: these need the apps to be loaded.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from feed.connection.asgi import remember_send  # noqa: E402
from feed.connection.origins import same_origin_or_none  # noqa: E402
from feed.routing import websocket_urlpatterns  # noqa: E402
from project.finishing import Finishing  # noqa: E402

websocket = remember_send(same_origin_or_none(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter({"http": Finishing(http), "websocket": websocket})

# The threads that read the log and render pages share one interpreter with the event loop. A thread that wants it waits
# for so many seconds: five times less than by default, as a watcher's frame may wait for it several times.
sys.setswitchinterval(0.001)

# What has been loaded by now stays, so the collector needn't look through all of it while watchers wait.
gc.collect()
gc.freeze()
