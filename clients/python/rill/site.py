"""The addresses of a site with a feed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from .updates import Cursor

SOCKET = "ws/feed/"
SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, slots=True)
class Site:
    """url: the URL below which the API is (http or https, with a slash at its end). socket: that of the websocket."""

    url: str
    socket: str

    @classmethod
    def at(cls, url: str, socket: str = "") -> Self:
        """url: of the site, or of its websocket. Raises ValueError."""
        scheme, host, path, _, _ = urlsplit(url)
        if scheme not in SCHEMES or not urlsplit(url).hostname:
            raise ValueError(f"The URL of a feed is like http://localhost:8000, not {url!r}.")
        base = path.removesuffix(SOCKET).rstrip("/") + "/"
        plain = SCHEMES[scheme].replace("ws", "http")
        return cls(f"{plain}://{host}{base}", socket or urlunsplit((SCHEMES[scheme], host, base + SOCKET, "", "")))

    def api(self, path: str, query: Iterable[tuple[str, str]] = ()) -> str:
        """The URL of a path of the API, such as `events/`, or of a path that the server has named."""
        address = urljoin(f"{self.url}api/", path)
        return f"{address}?{encoded}" if (encoded := urlencode(list(query))) else address

    def watching(self, streams: Iterable[str], cursor: Cursor | None) -> str:
        """The URL of a websocket that begins at the cursor, or at the head."""
        asked = [("stream", name) for name in streams]
        if cursor is not None:
            asked.append(("after", str(cursor.position)))
        if cursor is not None and cursor.log:
            asked.append(("log", cursor.log))
        return f"{self.socket}?{urlencode(asked)}" if asked else self.socket
