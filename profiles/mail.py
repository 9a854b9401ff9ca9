"""Sends e-mail after the response: how long it takes would tell whether somebody has an address."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_sender = ThreadPoolExecutor(1, thread_name_prefix="mail")
"""One thread, so that a slow mail server holds up no pages. At the end of a process, what waits is still sent."""


def later(send: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Call `send` in another thread, which must not use the database."""
    _sender.submit(send, *args, **kwargs)


def wait() -> None:
    """Wait until everything is sent. For tests."""
    _sender.submit(int).result()
