"""What Prometheus reads of this process. Needs the extra `metrics`; without it, `/metrics` is answered with 404."""

from importlib.util import find_spec

OPEN = "open"
"""The value of FEED_METRICS with which everybody may read them."""

is_installed = find_spec("prometheus_client") is not None
