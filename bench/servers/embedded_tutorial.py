"""The tutorial's application, and a path to post on."""

from bench.servers.embedded import with_posting
from bench.servers.site.asgi import application as tutorial

application = with_posting(tutorial, "tutorial")
