"""A state machine: everything that can happen to a feed, in any order, and the invariants after each step.

Hypothesis chooses the steps. They run real transactions on the real log, several at a time where the database allows
it, and drive two real hubs, one for each server process. The model is a list.
"""

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import sampled_from

from feed import log
from feed.log import Change as Row
from feed.log import Log
from tests.machine import choices, writers
from tests.machine.clients import Client
from tests.machine.concurrent_numbering import concurrent_work, number_unless_locked
from tests.machine.model import Change, Post, family
from tests.machine.page import Page
from tests.machine.program import Program
from tests.machine.steps import Arrival, arrivals, ends, hubs, one_of, texts, when, write
from tests.machine.world import USERS, World
from tests.machine.writers import Writer

MAX_CLIENTS = 4


class FeedMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def teardown(self) -> None:
        self.world.close()

    @initialize()
    def three_people_sign_up(self) -> None:
        writer = self.world.writers[0]
        for user in USERS:
            self.world.expect_changes(writer, ("created", Post(writer.do(writers.sign_up, user), "welcome", user)))

    @initialize(arrival=arrivals)
    def two_clients_connect(self, arrival: Arrival) -> None:
        self.world.add_client(Program, frozenset(["public"]), "beginning", 0)
        self.world.add_client(*arrival)

    # Writing.

    @write(choices.authors, text=texts)
    def post(self, writer: Writer, user: str, text: str) -> None:
        pk = writer.do(writers.post_status, user, text)
        self.world.expect_changes(writer, ("created", Post(pk, "status_change", user)))

    @write(choices.commentable, text=texts)
    def comment(self, writer: Writer, about: tuple[str, Post], text: str) -> None:
        user, thread = about
        pk = writer.do(writers.comment, user, thread.id, text)
        self.world.expect_changes(writer, ("created", Post(pk, "comment", user, thread.id)))

    @write(choices.editable, text=texts)
    def edit(self, writer: Writer, post: Post, text: str) -> None:
        writer.do(writers.edit, post.id, text)
        self.world.expect_changes(writer, ("updated", post))

    @write(choices.queries, text=texts)
    def edit_by_query(self, writer: Writer, query: choices.Query, text: str) -> None:
        chosen, excluded = choices.split(self.world, writer, query, choices.editable(self.world, writer))
        writer.do(writers.edit_all, *query, excluded, text)
        self.world.expect_changes(writer, *(("updated", post) for post in chosen))

    @write(choices.deletable)
    def delete(self, writer: Writer, post: Post) -> None:
        gone = family(self.world.seen(writer), [post])
        writer.do(writers.delete, post.id)
        self.world.expect_changes(writer, *(("deleted", post) for post in gone))

    @write(choices.queries)
    def delete_by_query(self, writer: Writer, query: choices.Query) -> None:
        chosen, excluded = choices.split(self.world, writer, query, choices.deletable(self.world, writer))
        gone = family(self.world.seen(writer), chosen)
        writer.do(writers.delete_all, *query, excluded)
        self.world.expect_changes(writer, *(("deleted", post) for post in gone))

    @write(choices.users)
    def delete_a_user_and_sign_up_again(self, writer: Writer, user: str) -> None:
        gone = choices.all_events_of(self.world, writer, user)
        welcome = Post(writer.do(writers.leave_and_sign_up_again, user), "welcome", user)
        self.world.expect_changes(writer, *(("deleted", post) for post in gone), ("created", welcome))

    @one_of(World.in_transactions, how=ends)
    def end(self, one: Writer, how: str) -> None:
        if how == "commit":
            one.commit()
        else:
            one.roll_back()
        self.world.after_step(one)

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
        """A client that is up to date shows what the database shows."""
        for client in self.world.reading():
            client.take_all()
            if not self.world.late:
                client.check(self.world.shown(client))

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
