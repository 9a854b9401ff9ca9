"""What a fault runs on: servers on one database, posting processes and watchers. All of them end with the `with`."""

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from psycopg.sql import SQL, Identifier

from tests.faults.harness.database_state import Database
from tests.faults.harness.fleet import Fleet
from tests.faults.harness.memory import Memory
from tests.faults.harness.open_transactions import OpenTransactions
from tests.faults.harness.posting_process import PostingProcess
from tests.faults.harness.report import Row
from tests.faults.harness.verdict import Verdict, count_rolled_back, judge
from tests.faults.harness.watcher import RecordingWatcher
from tests.support import services
from tests.support.databases import clean_environment, migrate, run_sql
from tests.support.processes import TIMEOUT, temporary_folder, wait_until
from tests.support.servers import Kind, Server
from tests.support.services import Service

Size = Literal["short", "full"]
DatabaseKind = Literal["sqlite", "postgresql"]

HEARTBEAT = "2"
"""FEED_HEARTBEAT of the servers. Event streams can't ask for a frame, so they wait for it when all is over."""
SHORT_FORM_FACTOR = 10
"""How much longer things may take in the short form, which runs in parallel with other tests."""

AnyProcess = TypeVar("AnyProcess", bound=PostingProcess)


class Cluster:
    """Servers of one kind on a migrated database of their own.

    redis_url: a Redis that is shared with other tests. A fault that harms Redis calls `use_own_redis` first.
    poll: FEED_POLL of the servers.
    """

    def __init__(self, kind: Kind, database_url: str, redis_url: str | None = None) -> None:
        self.kind = kind
        self.database = Database(database_url)
        self.redis_url = redis_url
        self.poll = 1.0
        self.servers: list[Server] = []
        self.posters: list[PostingProcess] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder = self._stack.enter_context(temporary_folder())
        self._memory = self._stack.enter_context(Memory(self.servers))
        self.fleet = self._stack.enter_context(Fleet())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            for server in self.servers:
                error.add_note(f"The log of {server.kind} at {server.port}:\n{server.log()[-4000:] or '(empty)'}")
        self._stack.close()

    @property
    def addresses(self) -> list[str]:
        """The URLs of all servers."""
        return [server.url() for server in self.servers]

    def use_own_redis(self) -> Service:
        """Start a Redis for this cluster alone. Servers and posting processes use it if they start later."""
        redis = self._stack.enter_context(services.redis())
        self.redis_url = redis.url
        return redis

    def use_own_postgresql(self) -> Service:
        """Start a PostgreSQL for this cluster alone. Servers and posting processes use it if they start later."""
        postgresql = self._stack.enter_context(services.postgresql())
        migrate(postgresql.url)
        # A commit must survive a kill.
        run_sql(postgresql.url, SQL("ALTER DATABASE {} SET synchronous_commit = on").format(Identifier("postgres")))
        self.database = Database(postgresql.url)
        return postgresql

    def server(self, kind: Kind | None = None, **environment: str) -> Server:
        """Start a server, by default of the cluster's kind."""
        environment = {"FEED_POLL": str(self.poll), "FEED_HEARTBEAT": HEARTBEAT} | environment
        server = Server(kind or self.kind, database_url=self.database.url, redis_url=self.redis_url, **environment)
        self.servers.append(self._stack.enter_context(server))
        return server

    def poster(
        self, name: str, *, redis_url: str | None = None, environment: Mapping[str, str] | None = None, **options: Any
    ) -> PostingProcess:
        """Begin to start a posting process. `options` are those of PostingProcess."""
        everything = {**self._environment(redis_url), **(environment or {})}
        return self._join(PostingProcess(name, self._folder, everything, **options))

    def open_transactions(self, name: str) -> OpenTransactions:
        """Begin to start a process that has several open transactions."""
        return self._join(OpenTransactions(name, self._folder, self._environment()))

    def _environment(self, redis_url: str | None = None) -> dict[str, str]:
        url = redis_url or self.redis_url
        return clean_environment(self.database.url) | ({"REDIS_URL": url} if url else {})

    def _join(self, poster: AnyProcess) -> AnyProcess:
        self.posters.append(self._stack.enter_context(poster))
        return poster

    def watch_posts_of(self, *posters: PostingProcess) -> None:
        """Add watchers of all streams that these processes post to, at each server in turn, and wait for them."""
        streams = [stream for poster in posters for stream in poster.wait_ready().streams]
        self.fleet.add_for_streams(self.addresses, ["public", "kind:comment", *streams])
        self.fleet.wait_live()

    def wait_logged(self, more: int, timeout: float = TIMEOUT) -> None:
        """Wait until that many more changes have positions."""
        head = self.database.head_and_waiting()[0]
        wait_until(
            lambda: self.database.head_and_waiting()[0] >= head + more, f"{more} more changes in the log", timeout
        )

    def wait_committed(self, more: int, timeout: float = TIMEOUT) -> None:
        """Wait until the posting processes have committed that many more changes."""
        before = len(self.commits())
        wait_until(lambda: len(self.commits()) >= before + more, f"{more} more changes to be committed", timeout)

    def commits(self) -> dict[int, float]:
        """The keys of all changes in the records, each with the time of the commit (time.monotonic())."""
        return {key: at for poster in self.posters for key, at in poster.commits().items()}

    def settle(self, timeout: float = TIMEOUT) -> None:
        """End the posting processes, and wait until every watcher is up to date."""
        for poster in self.posters:
            poster.finish()
        self.catch_up(timeout)

    def catch_up(self, timeout: float = TIMEOUT) -> None:
        """Wait until every committed change has a position, and every watcher has received it."""
        self.wait_numbered(timeout)
        self.wait_sent(timeout)

    def wait_sent(self, timeout: float = TIMEOUT) -> None:
        """Wait until every watcher has received everything up to the current head."""
        self.fleet.wait_for(self.database.head_and_waiting()[0], timeout=timeout)

    def wait_heard(self, poster: PostingProcess, times: int = 3) -> None:
        """Wait until the doorbell works: several events in a row arrive in less than half of FEED_POLL.

        Each is posted when the one before has arrived. A hub that only polls has then just read the log.
        """
        heard = 0

        def was_heard() -> bool:
            nonlocal heard
            heard = heard + 1 if self._seconds_to_arrive(*poster.post_once()) < self.poll / 2 else 0
            return heard == times

        wait_until(was_heard, "the doorbell to be heard")

    def _seconds_to_arrive(self, key: int, committed: float) -> float:
        """Seconds from the commit of this change until the last watcher of `public` has received it."""
        watchers = [watcher for watcher in self.fleet.watchers if "public" in watcher.streams]
        wait_until(lambda: self.database.position(key) is not None, "a change to have its position")
        position = self.database.position(key) or 0
        self.fleet.wait_for(position, watchers)
        return max(_first(watcher, position) for watcher in watchers) - committed

    def wait_numbered(self, timeout: float = TIMEOUT) -> None:
        """Wait until every committed change has a position."""
        wait_until(lambda: not self.database.head_and_waiting()[1], "all changes to have positions", timeout)

    def verdict(self) -> Verdict:
        """The verdict over all changes so far. Asserts that the log is consistent, and that watchers know its name."""
        state = self.database.state()
        strays = {watcher.log for watcher in self.fleet.watchers} - {state.log, ""}
        assert not strays, f"Watchers have received the names of other logs: {strays}"
        begun = {key: at for poster in self.posters for key, at in poster.begun().items()}
        return judge(self.fleet.watchers, state, self.commits(), begun)

    def row(self, fault: str, database: DatabaseKind) -> Row:
        """The fault's row in the table."""
        assert not (count := count_rolled_back(self.fleet.watchers)), (
            f"Watchers have received {count} changes that were rolled back."
        )
        verdict = self.verdict()
        assert verdict.delivered, "No change was delivered."
        servers = "+".join(dict.fromkeys(server.kind for server in self.servers))
        return Row(fault, servers, database, verdict, self._memory.peak)


def assert_within(seconds: float, size: Size, taken: float, what: str) -> None:
    """Assert that it has taken at most this long."""
    most = seconds * (SHORT_FORM_FACTOR if size == "short" else 1)
    assert taken <= most, f"{what}: {taken:.2f} s, but {most:g} s is the most allowed."


def _first(watcher: RecordingWatcher, position: int) -> float:
    """When the watcher received this position (time.monotonic())."""
    return next(arrival.at for arrival in watcher.arrivals if arrival.frame.position >= position)
