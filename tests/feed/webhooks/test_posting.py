"""Posting takes a bounded time and reads a bounded answer, whatever the receiver does."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from feed.webhooks import posting
from feed.webhooks.posting import MAX_ANSWER, post
from tests.support.processes import TIMEOUT

Serve = Callable[[socket.socket, Event], None]
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def private(settings: Settings) -> None:
    settings.FEED_WEBHOOK_PRIVATE = True


@contextmanager
def serving(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve one connection. Yields the port."""
    stop = Event()

    def run() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                channel = context.wrap_socket(connection, server_side=True) if context else connection
                with channel:
                    serve(channel, stop)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT)


def silent(channel: socket.socket, stop: Event) -> None:
    stop.wait(TIMEOUT)


def trickling(channel: socket.socket, stop: Event) -> None:
    """A header that never ends: each byte comes before the timeout of the socket."""
    channel.sendall(HEAD + b"X-Long: ")
    while not stop.wait(0.02):
        channel.sendall(b"x")


def endless(channel: socket.socket, stop: Event) -> None:
    channel.recv(65536)
    channel.sendall(HEAD + b"\r\n")
    while not stop.is_set():
        channel.sendall(b"x" * 65536)


def polite(channel: socket.socket, stop: Event) -> None:
    request = b""
    while not request.endswith(b"{}"):
        request += channel.recv(65536)
    channel.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")


@pytest.mark.parametrize("serve", [silent, trickling])
def test_a_slow_receiver_is_left_after_the_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.3)
    began = time.monotonic()
    with serving(serve) as port, pytest.raises(TimeoutError):
        post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - began < 10


def test_a_handshake_that_never_ends_is_left_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.3)
    with serving(silent) as port, pytest.raises(TimeoutError):
        post(f"https://127.0.0.1:{port}/", b"{}", {})


def test_an_endless_answer_is_read_only_in_part() -> None:
    with serving(endless) as port:
        status, answer = post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (status, len(answer)) == (200, MAX_ANSWER)


def certificate(folder: Path, name: str) -> Path:
    """A file with a certificate for this name, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(private + made.public_bytes(encoding))
    return file


def server_context(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(("name", "is_trusted"), [("localhost", True), ("example.com", True), ("localhost", False)])
def test_the_certificate_must_be_trusted_and_for_the_host_of_the_url(
    name: str, is_trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, name)
    if is_trusted:
        monkeypatch.setattr(posting, "tls", lambda: ssl.create_default_context(cafile=str(file)))
    with serving(polite, server_context(file)) as port:
        url = f"https://localhost:{port}/"
        if is_trusted and name == "localhost":
            assert post(url, b"{}", {}) == (200, "ok")
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                post(url, b"{}", {})
