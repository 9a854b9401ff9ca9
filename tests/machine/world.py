"""What the machine drives: a database, two server processes, their doorbell, writers and clients."""

from datetime import UTC, datetime, timedelta
from itertools import count

from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

from feed import log
from feed.doorbell import doorbell
from feed.hub import Hub
from feed.log import Change as Row
from feed.log import Log
from feed.models import Comment, Event, StatusChange
from profiles.models import Concern, UserProfile, Welcome
from tests.machine.clients import Client
from tests.machine.concurrent_numbering import concurrent_work
from tests.machine.loop import SteppedLoop
from tests.machine.model import NO_POST, Access, Change, LogModel, Post, alive, has_left
from tests.machine.sight import Sight
from tests.machine.teams import make_teams
from tests.machine.writers import Writer

USERS = ("alice", "bob", "carol")


class World:
    """
    model: the log as it must be.
    rings: how often the hubs hear the next ring.
    late: whether a commit may be newer than the hubs' last ring or poll.
    """

    def __init__(self) -> None:
        empty_tables()
        concurrent_work.pending = None
        self.model = LogModel()
        self.rings = 1
        self.late = False
        self.turns = count()
        self.writers = [Writer(f"writer {number}") for number in range(1 if is_sqlite() else 3)]
        self.clients: list[Client] = []
        self.loop = SteppedLoop()
        self.layer = get_channel_layer()
        self.hubs = [self.new_hub(), self.new_hub()]
        self.sight = Sight(USERS)

    def close(self) -> None:
        for writer in self.writers:
            writer.stop()
        for number in range(len(self.hubs)):
            self.stop(number)
        self.loop.close()

    # Writing.

    def seen(self, writer: Writer) -> list[Post]:
        """The events that exist for the writer."""
        return alive(self.changes_seen(writer))

    def changes_seen(self, writer: Writer) -> list[Change]:
        return [*self.model.committed(), *writer.changes]

    def others(self, writer: Writer) -> list[Change]:
        """The changes of the other writers' open transactions."""
        return [change for other in self.writers if other is not writer for change in other.changes]

    def in_transactions(self) -> list[Writer]:
        return [writer for writer in self.writers if writer.depth]

    def expect_changes(self, writer: Writer, *expected: tuple[str, Post]) -> None:
        """Assert that the writer's last statement recorded these changes, in any order, and add them to the model."""
        posts = {(action, post.id): post for action, post in expected}
        recorded, wanted = writer.do(newest_rows, len(expected)), [(action, post.id) for action, post in expected]
        assert sorted(recorded) == sorted(wanted), f"Recorded {sorted(recorded)} instead of {sorted(wanted)}."
        writer.changes += [Change(next(self.turns), key[0], posts[key]) for key in recorded]
        self.after_step(writer)

    def expect_access(self, writer: Writer, access: Access) -> None:
        assert writer.do(newest_rows, 1) == [("access", 0)]
        writer.changes.append(Change(next(self.turns), "access", NO_POST, access))
        self.after_step(writer)

    def after_step(self, writer: Writer) -> None:
        """Move committed changes to the model's log, and pass a ring on to the hubs."""
        if writer.changes and not writer.depth:
            committed, writer.changes = writer.changes, []
            self.model.waiting += committed
            self.sight.look(self.model.committed())
            self.end_sessions({user for change in committed if (user := has_left(change))})
        self.ring()

    # The two processes, their doorbell and their poll.

    def new_hub(self) -> Hub:
        async def make() -> Hub:
            return Hub()

        hub = self.loop.run_until_complete(make())
        self.loop.settle()
        return hub

    def stop(self, number: int) -> None:
        """End a process and its connections."""
        self.answer_reads()
        for client in self.connected():
            if client.hub is self.hubs[number]:
                client.disconnect()
        self.loop.run_until_complete(self.hubs[number].close())

    def restart(self, number: int) -> None:
        self.stop(number)
        self.hubs[number] = self.new_hub()

    def ring(self) -> None:
        assert doorbell.wait()
        if self.layer.held:
            self.loop.run_until_complete(self.layer.deliver(self.rings))
            self.loop.settle()
            self.notified(self.rings > 0)
            self.rings = 1

    def poll(self) -> None:
        self.loop.advance_clock(settings.FEED_POLL)
        self.notified(True)

    def notified(self, heard: bool) -> None:
        if not heard:
            self.late = True
        elif not self.locked():
            self.late = False

    def locked(self) -> bool:
        """Whether nothing can be numbered now, because a transaction has SQLite's only lock."""
        return is_sqlite() and bool(self.in_transactions())

    def delay_reads(self) -> None:
        """Let reads of the part of the log that is not in memory wait."""
        self.loop.slow = {hub._threads.threads for hub in self.hubs}

    def answer_reads(self) -> None:
        self.loop.slow = set()
        self.loop.settle()

    def prune(self, before: Change | None) -> None:
        """Prune the changes before that one, or all of them."""
        # The clock is too coarse to tell changes apart that are made so quickly.
        for position, change in enumerate(self.model.changes, start=1):
            Row.objects.filter(position=position).update(at=moment(change))
        log.prune(moment(before) if before else timezone.now())
        self.model.prune(before)

    # Clients.

    def add_client(self, kind: type[Client], user: str, streams: frozenset[str], start: str, number: int) -> None:
        client = kind(f"{kind.__name__} {len(self.clients)} of {user or 'nobody'}", user, streams, self.sight)
        client.start(start)
        self.clients.append(client)
        self.connect(client, number)

    def end_sessions(self, users: set[str]) -> None:
        """The clients of a user that was deleted go, and come back as those of the new user."""
        for client in self.clients:
            if client.user in users:
                if client.hub:
                    client.disconnect()
                client.log_in_again()

    def connect(self, client: Client, number: int) -> None:
        client.connect(self.loop, self.hubs[number])

    def connected(self) -> list[Client]:
        return [client for client in self.clients if client.hub]

    def gone(self) -> list[Client]:
        return [client for client in self.clients if not client.hub]

    def reading(self) -> list[Client]:
        return [client for client in self.connected() if client.reading]

    def programs_to_change(self) -> list[Client]:
        """The programs that can ask for other streams, and be answered at once."""
        programs = [each for each in self.reading() if each.format == "json" and each.cursor is not None]
        return [] if self.loop.slow else programs

    def behind(self) -> list[Client]:
        return [client for client in self.connected() if not client.reading]


def moment(change: Change) -> datetime:
    """A time for the change: one minute after the change before it, and in the past."""
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=change.turn)


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def newest_rows(number: int) -> list[tuple[str, int]]:
    """The newest changes that this connection sees, oldest first."""
    return list(Row.objects.order_by("-id").values_list("action", "event_id")[:number])[::-1]


def empty_tables() -> None:
    """Empty the database, so that ids and positions start at 1. TRUNCATE would be slower."""
    counted = [{"table": model._meta.db_table, "column": "id"} for model in (Event, Row, User)]
    with transaction.atomic(), connection.cursor() as cursor:
        for model in (
            Concern,
            Comment,
            StatusChange,
            Welcome,
            Event,
            Row,
            Log,
            UserProfile,
            User.groups.through,
            Group,
            User,
        ):
            models.QuerySet(model)._raw_delete(connection.alias)
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), counted):
            cursor.execute(statement)
    make_teams()
    log.state()
