"""The last step of `script/server`: migrates the database and serves with Daphne.

Differs from `daphne asgi:application` in four ways: it migrates first, it listens on both addresses of localhost, it
reports errors in one sentence, and it prints the address as soon as it answers.
"""

import errno
import os
import socket
import sys
from ipaddress import ip_address

import django
from daphne.cli import CommandLineInterface
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import connection, connections
from environs import validate
from twisted.python.failure import Failure

from project.environment import env, exit_on_bad_value

BACKLOG = 2048
"""Connections that may wait to be accepted, as under uvicorn. With Twisted's 50, most clients that reconnect at the
same time have to retry, and some wait for a minute."""


def main() -> None:
    with exit_on_bad_value():
        host: str = env.str("HOST", "") or "localhost"
        port: int = env.int("PORT", 8000, validate=validate.Range(1, 65535))
    addresses = addresses_of(host)
    for address in addresses:
        check_port(address, port)
    set_allowed_hosts(host)
    migrate()
    serve(host, addresses, port)


def addresses_of(host: str) -> list[str]:
    """The addresses to listen on. localhost has two: some clients try ::1 first, and others only 127.0.0.1."""
    if host == "localhost":
        return ["127.0.0.1", "::1"] if has_ipv6_loopback() else ["127.0.0.1"]
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SystemExit(f"HOST: {host} has no address to listen on: {error.strerror}.") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def check_port(address: str, port: int) -> None:
    """Exit if the port can't be used, before the database is changed."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen()
    except OSError as error:
        advice = " Is Rill already running? Set PORT to use another port." if error.errno == errno.EADDRINUSE else ""
        raise SystemExit(f"Port {port} of {address} can't be used: {error.strerror}.{advice}") from None


def set_allowed_hosts(host: str) -> None:
    """Set ALLOWED_HOSTS, if it isn't set, to localhost and the name that the server listens on. Never allow all."""
    names = {"localhost", "127.0.0.1", "[::1]"}
    names.add(socket.gethostname().lower() if is_wildcard(host) else bracketed(host))
    os.environ.setdefault("ALLOWED_HOSTS", ",".join(sorted(names)))


def is_wildcard(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def bracketed(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host


def migrate() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    try:
        check_database()
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise SystemExit(f"DATABASE_URL: The database can't be used: {' '.join(str(error).split())}") from None
    connections.close_all()


def check_database() -> None:
    """Connect once without the pool, which would keep retrying and hide the reason."""
    probe = connection.copy()
    probe.settings_dict["OPTIONS"].pop("pool", None)
    probe.ensure_connection()
    probe.close()


def serve(host: str, addresses: list[str], port: int) -> None:
    class AnnouncingServer(Server):
        def __init__(self, **options: object) -> None:
            # Called when the server listens on every address, right before it answers.
            super().__init__(ready_callable=lambda: announce(host, port), **options)

        def listen_error(self, failure: Failure) -> None:
            # Another process took the port after check_port. Daphne exits with status 1.
            print(f"Port {port} can't be used: {failure.getErrorMessage()}", file=sys.stderr)
            self.stop()

    endpoints = [
        endpoint for address in addresses for endpoint in build_endpoint_description_strings(host=address, port=port)
    ]
    arguments = [argument for endpoint in endpoints for argument in ("--endpoint", f"{endpoint}:backlog={BACKLOG}")]
    daphne = CommandLineInterface()
    daphne.server_class = AnnouncingServer
    daphne.run(["--verbosity", "0", *arguments, "asgi:application"])


def announce(host: str, port: int) -> None:
    name = "localhost" if is_wildcard(host) else bracketed(host)
    print(f"Rill is at http://{name}:{port}/ (stop with Ctrl-C)", flush=True)
    if is_wildcard(host):
        print(f"It answers to the names {os.environ['ALLOWED_HOSTS']}. Set ALLOWED_HOSTS to change them.", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # before Daphne handles it
        sys.exit(130)
