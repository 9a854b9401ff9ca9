"""Watchers, posts and page loads through a proxy, while something happens behind it."""

import threading
from typing import Protocol, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.faults.harness.cluster import Cluster
from tests.faults.harness.pages import Visitors

POST_LIMIT = "10000/minute"
"""FEED_POST_LIMIT for the servers: all posts by page are one user's."""
READERS, INTERVAL = 1, 0.2
"""Threads that load pages, and the seconds between two requests of a thread: the servers need the time to start."""
RATE = 5
"""Posts a second of the process that posts without a page."""


class Proxied(Protocol):
    url: str
    port: int


class Readers:
    """Threads that load the feed again and again. failures: the error responses."""

    def __init__(self, url: str, many: int) -> None:
        self.failures: list[str] = []
        self._url = url
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._read_again_and_again, daemon=True) for _ in range(many)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _read_again_and_again(self) -> None:
        while not self._stopped.is_set():
            try:
                urlopen(self._url, timeout=60).close()
            except HTTPError as error:
                error.close()
                self.failures.append(f"The response was {error.code}.")
            self._stopped.wait(INTERVAL)


class Traffic:
    """Runs until the end of the `with`, and then waits until every watcher is up to date.

    posters: threads that post by page. author: who posts, by page and without.
    """

    def __init__(self, cluster: Cluster, proxy: Proxied, posters: int = 2, author: str = "ada") -> None:
        self.cluster = cluster
        self._author = cluster.poster(author, rate=RATE).wait_ready()
        self._posters = posters
        self.visitors = Visitors(proxy, self._author.ready["session"], posters, INTERVAL)
        self.readers = Readers(proxy.url, READERS)
        self._proxy = proxy

    def __enter__(self) -> Self:
        streams = ["public", "kind:comment", *self._author.streams]
        self.cluster.fleet.add_for_streams([self._proxy.url], streams)
        self.cluster.fleet.wait_live()
        self._author.run()
        self.visitors.__enter__()
        self.readers.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.readers.__exit__()
        self.visitors.__exit__(None, None, None)
        if kind is None:
            self._author.pause()
            self.cluster.settle()

    def wait(self) -> None:
        """Wait until more was posted, by page and without."""
        self.visitors.wait_posted(3 * self._posters)
        self.cluster.wait_committed(5)

    def assert_that_nobody_noticed(self) -> None:
        """No request failed, each post is there once, and each watcher got each change once and in order."""
        assert not self.readers.failures
        assert not self.visitors.failures
        texts = self.visitors.texts
        assert self.visitors.posted == len(set(texts)) == self._count(texts)
        verdict = self.cluster.verdict()
        assert verdict.delivered
        assert (verdict.lost, verdict.doubled, verdict.out_of_order) == (0, 0, 0)

    def _count(self, texts: list[str]) -> int:
        """How many events have one of these texts."""
        return int(self.cluster.servers[0].shell(f"print(StatusChange.objects.filter(text__in={texts!r}).count())"))
