"""nchan, a module of nginx, from Debian's libnginx-mod-nchan; documented at https://nchan.io/.

It runs one worker, because each server here has one core. Messages are buffered, as its documentation recommends for
fast publishers. `nchan_message_buffer_length` is larger than a burst, so slow subscribers miss none. Debian's 1.3.6
compresses only when a client asks for it, and no client here does.
"""

from pathlib import Path

from bench.compiled import Missing
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, LaunchContext, Peer, Plan, max_open_files, program
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


def nchan(context: LaunchContext) -> Plan:
    http = HTTP.format(host=HOST, port=context.port, subscribe=SUBSCRIBE, publish=PUBLISH)
    file = nginx.write_configuration(
        context.folder, http, modules=f"load_module {module()};", connections=max_open_files()
    )
    return Plan(
        nginx.command(program("nginx"), context.folder, file),
        ["nchan", HOST, str(context.port), PUBLISH],
        django_environment(context, SITE),
    )


def module() -> Path:
    for folder in MODULES:
        if (folder / MODULE).exists():
            return folder / MODULE
    raise Missing("nginx's nchan module is not installed. On Debian: apt install libnginx-mod-nchan.")


PEERS = [Peer("nchan", "websocket", SUBSCRIBE, nchan)]
