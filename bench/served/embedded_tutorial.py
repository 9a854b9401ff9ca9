"""The tutorial's application, and a path to post on."""

from bench.served.embedded import with_posting
from bench.served.site.asgi import application as tutorial

application = with_posting(tutorial, "tutorial")
