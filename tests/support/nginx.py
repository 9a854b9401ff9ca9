"""A real nginx, with the configuration of the documents or another one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.support.databases import ROOT
from tests.support.processes import Command, find, free_port, temporary_folder
from tests.support.servers import HOST
from tests.support.services import Service, serving

DOCUMENTED = ROOT / "docs" / "nginx.conf"
MAIN = """
{modules}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{http}
}}
"""


def written(folder: Path, http: str, *, modules: str = "", connections: int = 1024) -> Path:
    """The file of a configuration with `http` in its http { }, that touches nothing outside of the folder."""
    file = folder / "nginx.conf"
    file.write_text(MAIN.format(folder=folder, http=http, modules=modules, connections=connections))
    return file


def command(program: Path | str, folder: Path, file: Path) -> list[str]:
    return [str(program), "-e", "stderr", "-p", str(folder), "-c", str(file)]


class Nginx(Service):
    """port: where it listens, and its url without the path that is asked whether it answers."""

    def __init__(self, port: int, command: Command, folder: Path) -> None:
        super().__init__(f"http://{HOST}:{port}", command, lambda: passes_on(self.url), folder)
        self.port = port


@contextmanager
def nginx(servers: Sequence[int]) -> Iterator[Nginx]:
    """With the documented configuration, for servers on these two ports. Raises FileNotFoundError if there is none."""
    program, port = find("nginx"), free_port()
    with temporary_folder() as folder:
        file = written(folder, documented(port, servers))
        yield from serving(Nginx(port, command(program, folder, file), folder))


def documented(port: int, servers: Sequence[int]) -> str:
    """The documented configuration, in which nothing but the ports is another."""
    text = DOCUMENTED.read_text()
    one, other = servers
    for there, here in [
        ("listen 80;", f"listen {HOST}:{port};"),
        ("server 127.0.0.1:8001 ", f"server {HOST}:{one} "),
        ("server 127.0.0.1:8002 ", f"server {HOST}:{other} "),
    ]:
        assert text.count(there) == 1, there
        text = text.replace(there, here)
    return text


def passes_on(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (HTTPError, OSError):
        return False
