"""Sends e-mail after the response: how long it takes would tell whether somebody has an address."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.core.mail import send_mail

NEW_ADDRESS = """\
Hello {name},

your account has another e-mail address now. This one isn't used any more.

If that wasn't you, somebody knows your password: change it.
"""

logger = logging.getLogger(__name__)

_sender = ThreadPoolExecutor(1, thread_name_prefix="mail")
"""One thread, so that a slow mail server holds up no pages. At the end of a process, what waits is still sent."""


def later(send: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Call `send` in another thread, which must not use the database. If it fails, the error is logged."""
    _sender.submit(send, *args, **kwargs).add_done_callback(_report)


def _report(done: Future[None]) -> None:
    if error := done.exception():
        logger.error("Failed to send an e-mail.", exc_info=error)


def tell_of_new_address(old: str, name: str) -> None:
    """Tell the old address, because somebody else may have changed it."""
    send_mail("Your e-mail address was changed", NEW_ADDRESS.format(name=name), None, [old])


def wait() -> None:
    """Wait until everything is sent. For tests."""
    _sender.submit(int).result()
