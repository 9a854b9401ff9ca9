"""A page of another site that shows a feed, live. Its visitors get tickets; the token stays here.

pip install rill-client
RILL_TOKEN=$(manage.py token shop) python server.py http://localhost:8000 8001
"""

import asyncio
import json
import os
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import rill

HERE = Path(__file__).parent
STREAMS = ["public"]
"""What the page may show. The visitor doesn't choose: the token may see more than visitors should."""
FILES = {"/": HERE / "page.html", "/page.js": HERE / "page.js", "/rill.js": HERE.parents[1] / "javascript" / "rill.js"}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}


class Page(SimpleHTTPRequestHandler):
    """The files of the page, the address of the feed, a snapshot to begin with, and tickets."""

    client: rill.AsyncClient
    socket: str

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path in FILES:
            self.answer(FILES[path].read_bytes(), TYPES[FILES[path].suffix])
        elif path == "/socket":
            self.answer_json({"url": self.socket, "streams": STREAMS})
        elif path == "/api/events/":
            self.answer_json(self.snapshot())
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        if self.path == "/ticket":
            self.answer_json({"ticket": asyncio.run(self.client.ticket())})
        else:
            self.send_error(404)

    def snapshot(self) -> dict[str, Any]:
        snapshot = asyncio.run(self.client.snapshot(STREAMS))
        cursor = {"log": snapshot.cursor.log, "position": snapshot.cursor.position}
        return {"events": snapshot.events, "next": None, **cursor}

    def answer_json(self, body: dict[str, Any]) -> None:
        self.answer(json.dumps(body).encode(), "application/json")

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def main(url: str, port: str) -> None:
    Page.client = rill.AsyncClient(url, token=os.environ["RILL_TOKEN"])
    Page.socket = Page.client.socket
    with ThreadingHTTPServer(("127.0.0.1", int(port)), Page) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
