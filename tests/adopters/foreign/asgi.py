from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

http = ASGIStaticFilesHandler(get_asgi_application())

from feed.asgi import with_feed  # noqa: E402 (needs the apps to be loaded)

application = with_feed(http)
