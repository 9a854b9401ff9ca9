"""A state machine: everything that can happen to a feed, in any order, and the invariants after each step.

Hypothesis chooses the steps. They run real transactions on the real log, several at a time where the database allows
it, and drive two real hubs, one for each server process. The model is a list.
"""

from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import sampled_from

from feed import log
from feed.log import Change as Row
from feed.log import Log
from tests.machine.clients import Client
from tests.machine.concurrent_numbering import concurrent_work, number_unless_locked
from tests.machine.model import Change
from tests.machine.page import Page
from tests.machine.program import Program
from tests.machine.steps import Arrival, arrivals, hubs, one_of, streams, when
from tests.machine.world import World
from tests.machine.writing import Writing

MAX_CLIENTS = 5


class FeedMachine(Writing):
    @initialize(arrival=arrivals)
    def three_clients_connect(self, arrival: Arrival) -> None:
        self.world.add_client(Program, "", frozenset(["public"]), "beginning", 0)
        self.world.add_client(Program, "bob", frozenset(["public"]), "head", 1)
        self.world.add_client(*arrival)

    # Ringing, numbering, pruning.

    @when(lambda world: world.rings == 1, times=sampled_from([0, 2]))
    def lose_or_double_the_next_ring(self, times: int) -> None:
        self.world.rings = times

    @rule()
    def poll(self) -> None:
        self.world.poll()

    @when(lambda world: concurrent_work.pending is None)
    def number_concurrently_at_the_next_numbering(self) -> None:
        concurrent_work.pending = number_unless_locked

    @one_of(lambda world: [] if world.locked() else [None, *world.model.changes[world.model.floor :]])
    def prune(self, one: Change | None) -> None:
        self.world.prune(before=one)

    @when(lambda world: not world.locked())
    def rename(self) -> None:
        log.rename()

    @rule(number=hubs)
    def restart(self, number: int) -> None:
        self.world.restart(number)

    # Connecting and reading.

    @when(lambda world: len(world.clients) < MAX_CLIENTS, arrival=arrivals)
    def connect(self, arrival: Arrival) -> None:
        self.world.add_client(*arrival)

    @one_of(World.connected)
    def disconnect(self, one: Client) -> None:
        one.disconnect()

    @one_of(World.gone, number=hubs)
    def resume(self, one: Client, number: int) -> None:
        self.world.connect(one, number)

    @one_of(World.reading)
    def fall_behind(self, one: Client) -> None:
        one.fall_behind()

    @one_of(World.behind)
    def read_on(self, one: Client) -> None:
        one.read_on()

    @one_of(lambda world: [client for client in world.reading() if not client.waits()])
    def be_sent_a_heartbeat(self, one: Client) -> None:
        one.ask()

    @one_of(World.programs_to_change, wanted=streams)
    def watch_other_streams(self, one: Program, wanted: frozenset[str]) -> None:
        one.take_all()
        one.change_streams(wanted)

    @one_of(lambda world: [page for page in world.connected() if isinstance(page, Page)])
    def ask_for_older_rows(self, one: Page) -> None:
        one.fetch()

    @one_of(lambda world: [page for page in world.connected() if isinstance(page, Page) and page.fetched])
    def put_in_older_rows(self, one: Page) -> None:
        one.put_in()

    @when(lambda world: not world.loop.slow)
    def let_the_database_be_slow(self) -> None:
        self.world.delay_reads()

    @when(lambda world: world.loop.slow)
    def let_the_database_answer(self) -> None:
        self.world.answer_reads()

    @when(lambda world: world.gone() or world.behind() or world.late)
    def let_all_clients_reconnect(self) -> None:
        self.world.answer_reads()
        self.world.poll()
        for client in self.world.gone():
            self.world.connect(client, 0)
        for client in self.world.behind():
            client.read_on()

    # Invariants.

    @invariant()
    def check(self) -> None:
        self.check_clients()
        self.check_log()

    def check_clients(self) -> None:
        """A client that is up to date shows what its user may see, and was never sent anything else."""
        for client in self.world.reading():
            client.take_all()
            if not self.world.late:
                client.check()

    def check_log(self) -> None:
        """The log holds each committed change once, in commit order, without holes."""
        model = self.world.model
        floor, head = Log.objects.values_list("floor", "head").get()
        if head > len(model.changes):
            model.number()
        assert (floor, head) == (model.floor, len(model.changes))
        rows = list(Row.objects.order_by("position").values_list("position", "action", "event_id"))
        assert [row for row in rows if row[0] is not None] == model.held()
        assert len(rows) == len(model.held()) + len(model.waiting)
        assert self.world.late or not model.waiting, "The hubs have read the log, but left changes without a position."
