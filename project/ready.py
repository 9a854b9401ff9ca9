"""Asks a server process of this machine whether it is ready. Exits with 0 if it is, and else with 1 and the reason.

    python -m project.ready PORT [SECONDS]     waits for that long; by default it asks once

For health checks and for restarts one after the other. Needs neither Django nor curl, which small images don't have.
"""

import os
import sys
import time
from http.client import OK, HTTPConnection, HTTPException

TIMEOUT = 3.0
"""Seconds for an answer."""
INTERVAL = 0.2
"""Seconds between two questions."""


def reason_why_not(port: int) -> str | None:
    """Why the process isn't ready. None if it is."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz", headers={"Host": allowed_host()})
        response = connection.getresponse()
        return None if response.status == OK else f"{response.status} {response.read(1000).decode(errors='replace')}"
    except (OSError, HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def allowed_host() -> str:
    """A name that the process answers to: the first of ALLOWED_HOSTS. Other names get 400."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return first if first and first != "*" else "localhost"


def wait(port: int, seconds: float) -> str | None:
    """Ask until the process is ready, or the time is over. Returns why it isn't."""
    deadline = time.monotonic() + seconds
    while (reason := reason_why_not(port)) and time.monotonic() < deadline:
        time.sleep(INTERVAL)
    return reason


def main(port: str, seconds: str = "0") -> str | None:
    reason = wait(int(port), float(seconds))
    return reason and f"The process on port {port} isn't ready. {reason}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
