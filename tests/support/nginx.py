"""How to run nginx without any file outside of one folder."""

import os
from pathlib import Path

MAIN = """
{modules}
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; }}
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
    user = "user root;" if os.geteuid() == 0 else ""  # by default another user, who may not enter the folder
    file.write_text(MAIN.format(folder=folder, http=http, modules=modules, user=user, connections=connections))
    return file


def command(program: Path | str, folder: Path, file: Path) -> list[str]:
    return [str(program), "-e", "stderr", "-p", str(folder), "-c", str(file)]
