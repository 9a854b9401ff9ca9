"""nchan, a module of nginx, from Debian's libnginx-mod-nchan; documented at https://nchan.io/.

One worker, as all servers here have one core. Messages are buffered, as its documentation recommends to whoever
publishes very quickly; `nchan_message_buffer_length` is more than a burst has, or slow subscribers would miss some.
Debian's 1.3.6 compresses only on demand, and nobody demands it.
"""

from pathlib import Path

from bench.compiled import Missing
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, Peer, Plan, Stage, most_files, program
from tests.support import nginx

MODULES = [Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"), Path("/usr/share/nginx/modules")]
MODULE = "ngx_nchan_module.so"
SUBSCRIBE, PUBLISH = "/sub", "/pub"

HTTP = """
    tcp_nodelay on;
    keepalive_timeout 1h;
    keepalive_requests 1000000;
    nchan_shared_memory_size 128M;
    server {{
        listen {host}:{port} backlog=4096;
        location = {subscribe} {{
            nchan_subscriber websocket;
            nchan_channel_id feed;
            nchan_subscriber_first_message newest;
        }}
        location = {publish} {{
            nchan_publisher http;
            nchan_channel_id feed;
            nchan_message_buffer_length 5000;
            nchan_message_timeout 10m;
        }}
        location / {{ return 404; }}
    }}
"""


def nchan(stage: Stage) -> Plan:
    http = HTTP.format(host=HOST, port=stage.port, subscribe=SUBSCRIBE, publish=PUBLISH)
    file = nginx.write_configuration(stage.folder, http, modules=f"load_module {module()};", connections=most_files())
    return Plan(
        nginx.command(program("nginx"), stage.folder, file),
        ["nchan", HOST, str(stage.port), PUBLISH],
        django_environment(stage, SITE),
    )


def module() -> Path:
    for folder in MODULES:
        if (folder / MODULE).exists():
            return folder / MODULE
    raise Missing("nginx's nchan module (libnginx-mod-nchan) is not installed.")


PEERS = [Peer("nchan", "websocket", SUBSCRIBE, nchan)]
