"""Rill's application with a path for posting, which isn't part of Rill."""

from asgi import application as rill
from bench.servers.embedded import with_posting

application = with_posting(rill, "rill")
