"""`script/server`'s last step: migrate, listen, say where, and serve with Daphne.

It is `daphne asgi:application` with four things around it: the database is brought up to date first, localhost is
both of its addresses, what goes wrong is said in one sentence, and the address is printed once it answers.
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

from project.environment import env, one_sentence

BACKLOG = 2048
"""Connections that may wait to be accepted, as under uvicorn. If only Twisted's 50 may, most of those who come back at
once have to knock again, and some wait for a minute."""


def main() -> None:
    with one_sentence():
        host: str = env.str("HOST", "") or "localhost"
        port: int = env.int("PORT", 8000, validate=validate.Range(1, 65535))
    addresses = addresses_of(host)
    for address in addresses:
        try_to_listen(address, port)
    allow(host)
    migrate()
    serve(host, addresses, port)


def addresses_of(host: str) -> list[str]:
    """The addresses to listen on. For localhost both, as some clients try ::1 first and others only 127.0.0.1."""
    if host == "localhost":
        return ["127.0.0.1", "::1"] if has_ipv6_loopback() else ["127.0.0.1"]
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SystemExit(f"HOST: {host} is no address of this machine: {error.strerror}.") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def try_to_listen(address: str, port: int) -> None:
    """Find out before anything is changed, rather than after, that the port is taken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen()
    except OSError as error:
        taken = " Is Rill running already? PORT chooses another." if error.errno == errno.EADDRINUSE else ""
        raise SystemExit(f"Port {port} of {address} can't be had: {error.strerror}.{taken}") from None


def allow(host: str) -> None:
    """Answer to the name that is listened on, unless ALLOWED_HOSTS says to which: never to all that a client sends."""
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
        try_to_connect()
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise SystemExit(f"DATABASE_URL: the database can't be used: {' '.join(str(error).split())}") from None
    connections.close_all()


def try_to_connect() -> None:
    """Without the pool, which would go on trying, and not say why in the end."""
    probe = connection.copy()
    probe.settings_dict["OPTIONS"].pop("pool", None)
    probe.ensure_connection()
    probe.close()


def serve(host: str, addresses: list[str], port: int) -> None:
    class Announced(Server):
        def __init__(self, **options: object) -> None:
            # Called when it listens on every address, right before it answers.
            super().__init__(ready_callable=lambda: announce(host, port), **options)

        def listen_error(self, failure: Failure) -> None:
            # Somebody else was faster since try_to_listen. Daphne then ends with status 1.
            print(f"Port {port} can't be had: {failure.getErrorMessage()}", file=sys.stderr)
            self.stop()

    endpoints = [
        endpoint for address in addresses for endpoint in build_endpoint_description_strings(host=address, port=port)
    ]
    arguments = [argument for endpoint in endpoints for argument in ("--endpoint", f"{endpoint}:backlog={BACKLOG}")]
    daphne = CommandLineInterface()
    daphne.server_class = Announced
    daphne.run(["--verbosity", "0", *arguments, "asgi:application"])


def announce(host: str, port: int) -> None:
    name = "localhost" if is_wildcard(host) else bracketed(host)
    print(f"Rill is at http://{name}:{port}/ (stop with Ctrl-C)", flush=True)
    if is_wildcard(host):
        print(f"It also answers to {os.environ['ALLOWED_HOSTS']}; ALLOWED_HOSTS chooses other names.", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # before Daphne has taken over
        sys.exit(130)
