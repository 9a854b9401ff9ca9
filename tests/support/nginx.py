"""A real nginx, with the documented configuration or with another one."""

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


def write_configuration(folder: Path, http: str, *, modules: str = "", connections: int = 1024) -> Path:
    """Write a configuration with `http` in its http block, which uses only files in the folder."""
    file = folder / "nginx.conf"
    file.write_text(MAIN.format(folder=folder, http=http, modules=modules, connections=connections))
    return file


def command(program: Path | str, folder: Path, file: Path) -> list[str]:
    return [str(program), "-e", "stderr", "-p", str(folder), "-c", str(file)]


class Nginx(Service):
    """A running nginx. port: the port that it listens on."""

    def __init__(self, port: int, command: Command, folder: Path) -> None:
        super().__init__(f"http://{HOST}:{port}", command, lambda: forwards(self.url), folder)
        self.port = port


@contextmanager
def nginx(servers: Sequence[int]) -> Iterator[Nginx]:
    """nginx with the documented configuration for servers on these two ports. Raises FileNotFoundError if not found."""
    program, port = find("nginx"), free_port()
    with temporary_folder() as folder:
        file = write_configuration(folder, documented(port, servers))
        yield from serving(Nginx(port, command(program, folder, file), folder))


def documented(port: int, servers: Sequence[int]) -> str:
    """The documented configuration, with other ports."""
    text = DOCUMENTED.read_text()
    one, other = servers
    for original, replacement in [
        ("listen 80;", f"listen {HOST}:{port};"),
        ("server 127.0.0.1:8001 ", f"server {HOST}:{one} "),
        ("server 127.0.0.1:8002 ", f"server {HOST}:{other} "),
    ]:
        assert text.count(original) == 1, original
        text = text.replace(original, replacement)
    return text


def forwards(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (HTTPError, OSError):
        return False
