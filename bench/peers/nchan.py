"""nchan, a module of nginx, from Debian's libnginx-mod-nchan; documented at https://nchan.io/.

One worker, as all servers here have one core. Messages are buffered, as its documentation recommends to whoever
publishes very quickly; `nchan_message_buffer_length` is more than a burst has, or slow subscribers would miss some.
Debian's 1.3.6 compresses only on demand, and nobody demands it.
"""

from pathlib import Path

from bench.compiled import Missing
from bench.peers.databases import SITE, django_environment
from bench.peers.peer import HOST, Peer, Plan, Stage, most_files, program

MODULES = [Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"), Path("/usr/share/nginx/modules")]
MODULE = "ngx_nchan_module.so"
SUBSCRIBE, PUBLISH = "/sub", "/pub"

CONFIGURATION = """
load_module {module};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_timeout 1h;
    keepalive_requests 1000000;
    nchan_shared_memory_size 128M;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
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
}}
"""


def nchan(stage: Stage) -> Plan:
    nginx, file = program("nginx"), stage.folder / "nginx.conf"
    file.write_text(
        CONFIGURATION.format(
            module=module(),
            files=most_files(),
            folder=stage.folder,
            host=HOST,
            port=stage.port,
            subscribe=SUBSCRIBE,
            publish=PUBLISH,
        )
    )
    return Plan(
        [nginx, "-e", "stderr", "-p", str(stage.folder), "-c", str(file)],
        ["nchan", HOST, str(stage.port), PUBLISH],
        django_environment(stage, SITE),
    )


def module() -> Path:
    for folder in MODULES:
        if (folder / MODULE).exists():
            return folder / MODULE
    raise Missing("nginx's nchan module (libnginx-mod-nchan) is not installed.")


PEERS = [Peer("nchan", "websocket", SUBSCRIBE, nchan)]
