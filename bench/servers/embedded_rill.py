"""Rill's application, and a path to post on, which is no part of Rill."""

from asgi import application as rill
from bench.servers.embedded import with_posting

application = with_posting(rill, "rill")
