"""The peers in Django: Rill, the Channels tutorial and django-eventstream, each on Daphne and on uvicorn.

The tutorial is the asynchronous consumer of its part 3 (https://channels.readthedocs.io/en/stable/tutorial/part_3.html)
on the pub/sub layer of channels-redis. django-eventstream is set up as its README says for several processes. It has
storage, because bursts lose events without it; see bench/servers/site/. Rill runs as docs/running.md says.
"""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

from bench.compiled import Missing
from bench.peers import asgi
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, LaunchContext, Peer, Plan
from bench.servers.site.consumers import ROOM
from tests.support.servers import Kind


def rill(kind: Kind, context: LaunchContext, options: Sequence[str] = ()) -> Plan:
    environment = django_environment(context, "project.settings")
    if context.services.embedded:
        return embedded(kind, context, environment, "bench.servers.embedded_rill:application")
    command = asgi.command(kind, context, "asgi:application")
    return Plan([*command, *options], ["rill"], environment)


def posted_elsewhere(kind: Kind, context: LaunchContext) -> Plan:
    """Rill, with events posted by another process even without Redis. The server hears no doorbell then."""
    environment = django_environment(context, "project.settings")
    return Plan(asgi.command(kind, context, "asgi:application"), ["rill"], environment)


def with_metrics(context: LaunchContext) -> Plan:
    environment = django_environment(context, "project.settings") | {"FEED_METRICS": "open"}
    return Plan(asgi.command("uvicorn", context, "asgi:application"), ["rill"], environment)


def uncounted(context: LaunchContext) -> Plan:
    environment = django_environment(context, "project.settings")
    return Plan(asgi.command("uvicorn", context, "bench.servers.uncounted_rill:application"), ["rill"], environment)


def tutorial(kind: Kind, context: LaunchContext) -> Plan:
    environment = django_environment(context, SITE)
    if context.services.embedded:
        return embedded(kind, context, environment, "bench.servers.embedded_tutorial:application")
    context.services.needed_redis()
    return Plan(asgi.command(kind, context, "bench.servers.site.asgi:application"), ["tutorial"], environment)


def embedded(kind: Kind, context: LaunchContext, environment: dict[str, str], application: str) -> Plan:
    return Plan(asgi.command(kind, context, application), ["embedded", HOST, str(context.port)], environment)


def eventstream(kind: Kind, context: LaunchContext) -> Plan:
    context.services.needed_redis()
    if find_spec("django_eventstream") is None:
        raise Missing("django-eventstream is not installed: pip install -r requirements-bench.txt.")
    # The database needs no tables of django-eventstream, which stores its events in Redis.
    environment = django_environment(context, SITE) | {
        "DJANGO_SETTINGS_MODULE": "bench.servers.site.eventstream_settings"
    }
    command = asgi.command(kind, context, "bench.servers.site.eventstream_asgi:application")
    return Plan(command, ["eventstream"], environment)


PEERS = [
    *(Peer(f"rill-{kind}", "websocket", "/ws/feed/", partial(rill, kind), "first") for kind in asgi.KINDS),
    *(
        Peer(f"rill-uvicorn-{name}", "websocket", "/ws/feed/", partial(rill, "uvicorn", options=options), "first")
        for name, *options in (("2", "--workers", "2"), ("4", "--workers", "4"), ("asyncio", "--loop", "asyncio"))
    ),
    *(
        Peer(f"rill-{kind}-elsewhere", "websocket", "/ws/feed/", partial(posted_elsewhere, kind), "first")
        for kind in asgi.KINDS
    ),
    *(Peer(f"rill-{kind}-events", "sse", "/sse/feed/", partial(rill, kind), "first") for kind in asgi.KINDS),
    Peer("rill-uvicorn-counted", "websocket", "/ws/feed/", with_metrics, "first"),
    Peer("rill-uvicorn-uncounted", "websocket", "/ws/feed/", uncounted, "first"),
    *(Peer(f"tutorial-{kind}", "websocket", f"/ws/chat/{ROOM}/", partial(tutorial, kind)) for kind in asgi.KINDS),
    *(Peer(f"eventstream-{kind}", "sse", "/events/", partial(eventstream, kind), "first") for kind in asgi.KINDS),
]
