"""Real proxies with the configurations of deploy/, on other ports."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.support import nginx as any_nginx
from tests.support.databases import ROOT
from tests.support.processes import Command, find, free_port, temporary_folder
from tests.support.servers import HOST
from tests.support.services import Service, serving

ProxyName = Literal["nginx", "haproxy", "caddy"]
Ports = Sequence[int]
DEPLOY = ROOT / "deploy"
DOCUMENTED = range(8001, 8005)
"""The ports of the processes in the configurations."""
CONNECTIONS = 4096
"""Connections of a proxy: two for each watcher."""


class Proxy(Service):
    """A running proxy. port: the port that it listens on. folder: the only one that it uses."""

    def __init__(self, port: int, command: Command, folder: Path) -> None:
        super().__init__(f"http://{HOST}:{port}", command, lambda: forwards(self.url), folder)
        self.port = port
        self.folder = folder


def forwards(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


@contextmanager
def nginx(servers: Ports, port: int | None = None) -> Iterator[Proxy]:
    """nginx for the servers on these ports. Raises FileNotFoundError if nginx isn't installed.

    It serves collected files from `static` in its folder, if there are any.
    """
    program, port = find("nginx"), port or free_port()
    with temporary_folder() as folder:
        http = adapted("nginx.conf", "    server {} max_fails=0;\n", servers)
        http = replaced(http, "listen 80;", f"listen {HOST}:{port};")
        http = replaced(http, "root /opt/rill/var;", f"root {folder};")
        file = any_nginx.write_configuration(folder, http, connections=CONNECTIONS)
        yield from serving(Proxy(port, any_nginx.command(program, folder, file), folder))


@contextmanager
def haproxy(servers: Ports, port: int | None = None) -> Iterator[Proxy]:
    program, port = find("haproxy"), port or free_port()
    with temporary_folder() as folder:
        text = adapted("haproxy.cfg", "    server rill{number} {}\n", servers)
        text = replaced(text, "maxconn 20000\n", f"maxconn {CONNECTIONS // 2}\n")
        file = folder / "haproxy.cfg"
        file.write_text(replaced(text, "bind :80\n", f"bind {HOST}:{port}\n"))
        yield from serving(Proxy(port, [program, "-db", "-f", file], folder))


@contextmanager
def caddy(servers: Ports, port: int | None = None) -> Iterator[Proxy]:
    program, port = find("caddy"), port or free_port()
    with temporary_folder() as folder:
        site = "{$RILL_SITE:http://localhost:8080} {\n"
        text = replaced((DEPLOY / "Caddyfile").read_text(), site, f"{site}\tbind {HOST}\n")
        text = replaced(text, "\tgrace_period 5s\n", "\tgrace_period 5s\n\tadmin off\n")
        file = folder / "Caddyfile"
        file.write_text(text)
        upstreams = " ".join(f"{HOST}:{server}" for server in servers)
        variables = [f"RILL_SITE=http://{HOST}:{port}", f"RILL_UPSTREAMS={upstreams}", f"HOME={folder}"]
        command: Command = ["env", *variables, program, "run", "--config", file, "--adapter", "caddyfile"]
        yield from serving(Proxy(port, command, folder))


def adapted(name: str, line: str, servers: Ports) -> str:
    """A configuration with these servers in place of the documented ones.

    line: one server's, with {} for its address and {number} for its number.
    """
    documented = "".join(line.format(f"127.0.0.1:{port}", number=one) for one, port in enumerate(DOCUMENTED, 1))
    actual = "".join(line.format(f"{HOST}:{port}", number=one) for one, port in enumerate(servers, 1))
    return replaced((DEPLOY / name).read_text(), documented, actual)


def replaced(text: str, original: str, replacement: str) -> str:
    assert text.count(original) == 1, original
    return text.replace(original, replacement)


PROXIES: dict[ProxyName, Callable[[Ports], AbstractContextManager[Proxy]]] = {
    "nginx": nginx,
    "haproxy": haproxy,
    "caddy": caddy,
}
