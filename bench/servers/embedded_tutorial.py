"""The tutorial's application with a path for posting."""

from bench.servers.embedded import with_posting
from bench.servers.site.asgi import application as tutorial

application = with_posting(tutorial, "tutorial")
