"""Where a fault is played: servers on one database, posting processes, watchers; all of it ends with the `with`."""

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from psycopg.sql import SQL, Identifier

from tests.faults.harness.drafts import Drafts
from tests.faults.harness.fleet import Fleet
from tests.faults.harness.memory import Memory
from tests.faults.harness.poster import Poster
from tests.faults.harness.report import Row
from tests.faults.harness.truth import Database
from tests.faults.harness.verdict import Verdict, judge, unwanted
from tests.faults.harness.watcher import Watcher
from tests.support import services
from tests.support.databases import clean_environment, migrate, run_sql
from tests.support.processes import PATIENCE, temporary_folder, wait_until
from tests.support.servers import Kind, Server
from tests.support.services import Service

Size = Literal["short", "full"]
DatabaseKind = Literal["sqlite", "postgresql"]

LENIENCE = 10
"""Times as long may things take in the short form, which is played while other tests run."""

AnyPoster = TypeVar("AnyPoster", bound=Poster)


class Stage:
    """Servers of one kind, and a migrated database that is nobody else's.

    redis_url: of a Redis that all may share; `use_own_redis` gives one that may be harmed.
    poll: FEED_POLL of the servers.
    """

    def __init__(self, kind: Kind, database_url: str, redis_url: str | None = None) -> None:
        self.kind = kind
        self.database = Database(database_url)
        self.redis_url = redis_url
        self.poll = 1.0
        self.servers: list[Server] = []
        self.posters: list[Poster] = []
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
        """Those of all servers."""
        return [server.url() for server in self.servers]

    def use_own_redis(self) -> Service:
        """A Redis for this stage alone, which the servers and posting processes that come from now on use."""
        redis = self._stack.enter_context(services.redis())
        self.redis_url = redis.url
        return redis

    def use_own_postgresql(self) -> Service:
        """A PostgreSQL for this stage alone, with a migrated database, for all that come from now on."""
        postgresql = self._stack.enter_context(services.postgresql())
        migrate(postgresql.url)
        # It forgets nothing that has committed, even if it is killed.
        run_sql(postgresql.url, SQL("ALTER DATABASE {} SET synchronous_commit = on").format(Identifier("postgres")))
        self.database = Database(postgresql.url)
        return postgresql

    def server(self, kind: Kind | None = None, **environment: str) -> Server:
        """A server that has started, of the stage's kind unless told otherwise."""
        environment = {"FEED_POLL": str(self.poll)} | environment
        server = Server(kind or self.kind, database_url=self.database.url, redis_url=self.redis_url, **environment)
        self.servers.append(self._stack.enter_context(server))
        return server

    def poster(
        self, name: str, *, redis_url: str | None = None, environment: Mapping[str, str] | None = None, **options: Any
    ) -> Poster:
        """A posting process, which has begun to start; `options` are Poster's."""
        everything = {**self._environment(redis_url), **(environment or {})}
        return self._join(Poster(name, self._folder, everything, **options))

    def drafts(self, name: str) -> Drafts:
        """A process that keeps several transactions open at once, which has begun to start."""
        return self._join(Drafts(name, self._folder, self._environment()))

    def _environment(self, redis_url: str | None = None) -> dict[str, str]:
        url = redis_url or self.redis_url
        return clean_environment(self.database.url) | ({"REDIS_URL": url} if url else {})

    def _join(self, poster: AnyPoster) -> AnyPoster:
        self.posters.append(self._stack.enter_context(poster))
        return poster

    def crew_of(self, *posters: Poster) -> None:
        """Watchers of all that is posted and of its parts, at each server in turn, who are live."""
        streams = [stream for poster in posters for stream in poster.wait_ready().streams]
        self.fleet.crew(self.addresses, ["public", "kind:comment", *streams])
        self.fleet.wait_live()

    def wait_logged(self, more: int, patience: float = PATIENCE) -> None:
        """Until so many more changes have been given their positions."""
        head = self.database.standing()[0]
        wait_until(lambda: self.database.standing()[0] >= head + more, f"{more} more changes in the log", patience)

    def wait_committed(self, more: int, patience: float = PATIENCE) -> None:
        """Until the posting processes have committed so many more changes."""
        before = len(self.commits())
        wait_until(lambda: len(self.commits()) >= before + more, f"{more} more changes to be committed", patience)

    def commits(self) -> dict[int, float]:
        """The keys of all changes that the posting processes know to have committed, and when (time.monotonic())."""
        return {key: at for poster in self.posters for key, at in poster.commits().items()}

    def settle(self, patience: float = PATIENCE) -> None:
        """End the posting processes, and wait until every watcher has been sent all there is."""
        for poster in self.posters:
            poster.finish()
        self.catch_up(patience)

    def catch_up(self, patience: float = PATIENCE) -> None:
        """Wait until every change that has committed by now has a position, and every watcher has been sent it."""
        self.wait_numbered(patience)
        self.wait_sent(patience)

    def wait_sent(self, patience: float = PATIENCE) -> None:
        """Wait until what has a position by now has been sent to every watcher."""
        self.fleet.wait_for(self.database.standing()[0], patience=patience)

    def wait_heard(self, poster: Poster, times: int = 3) -> None:
        """Wait until the doorbell is heard: several events in a row arrive in less than half of what a poll takes.

        Each is posted when the one before has arrived: a hub that only polls has just read the log then.
        """
        heard = 0

        def once_more() -> bool:
            nonlocal heard
            heard = heard + 1 if self._arrives_after(*poster.once()) < self.poll / 2 else 0
            return heard == times

        wait_until(once_more, "the doorbell to be heard")

    def _arrives_after(self, key: int, committed: float) -> float:
        """Seconds from when this change has committed until the last of those who watch everything was sent it."""
        watchers = [watcher for watcher in self.fleet.watchers if "public" in watcher.streams]
        wait_until(lambda: self.database.position(key) is not None, "a change to have its position")
        position = self.database.position(key) or 0
        self.fleet.wait_for(position, watchers)
        return max(_first(watcher, position) for watcher in watchers) - committed

    def wait_numbered(self, patience: float = PATIENCE) -> None:
        """Until no change waits for its position."""
        wait_until(lambda: not self.database.standing()[1], "all changes to have positions", patience)

    def verdict(self) -> Verdict:
        """What became of all changes so far. Asserts that the log is in order, and its name what watchers were told."""
        truth = self.database.truth()
        strays = {watcher.log for watcher in self.fleet.watchers} - {truth.log, ""}
        assert not strays, f"Watchers were told of other logs: {strays}"
        begun = {key: at for poster in self.posters for key, at in poster.begun().items()}
        return judge(self.fleet.watchers, truth, self.commits(), begun)

    def row(self, fault: str, database: DatabaseKind) -> Row:
        """The fault's row in the table, when it has been played."""
        assert not (count := unwanted(self.fleet.watchers)), f"What was rolled back has been shown {count} times."
        verdict = self.verdict()
        assert verdict.delivered, "Nothing was delivered at all."
        servers = "+".join(dict.fromkeys(server.kind for server in self.servers))
        return Row(fault, servers, database, verdict, self._memory.peak)


def assert_within(seconds: float, size: Size, taken: float, what: str) -> None:
    """Assert that what was measured is no more than it may be."""
    most = seconds * (LENIENCE if size == "short" else 1)
    assert taken <= most, f"{what}: {taken:.2f} s, and not {most:g} s at most."


def _first(watcher: Watcher, position: int) -> float:
    """When the watcher was sent what is at this position (time.monotonic())."""
    return next(arrival.at for arrival in watcher.arrivals if arrival.frame.position >= position)
