"""Transactions that are long, that commit out of order, or that are rolled back in part."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.faults.harness.assertions import assert_never_disconnected, assert_only_known_commits
from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.log_reader import LogReader
from tests.faults.harness.open_transactions import OpenTransaction, Step
from tests.faults.harness.pages import post_by_page
from tests.faults.harness.received import NEVER
from tests.faults.harness.registry import fault
from tests.faults.scenarios.postgresql import is_ready

HOLD = 20.0
"""Seconds that a transaction is held open in the full form."""
ARRIVE_WITHIN = 2.0

BEGIN, COMMIT, ROLL_BACK, DELETE = ("begin", ""), ("commit", ""), ("roll_back", ""), ("delete", "")
PARTS: list[list[Step]] = [
    [BEGIN, ("post", f"{NEVER}: first"), BEGIN, ("rewrite", f"{NEVER}: second"), COMMIT, ROLL_BACK],
    [("post", "plain")],
    [("post", "wrong"), ("edit", "mended"), BEGIN, ("edit", f"{NEVER}: worse"), ROLL_BACK],
    [BEGIN, ("post", "inside"), BEGIN, ("rewrite", "deep inside"), COMMIT, COMMIT],
    [("post", "to stay"), BEGIN, DELETE, ROLL_BACK],
    [BEGIN, ("post", "outside"), BEGIN, ("post", f"{NEVER}: inside"), ROLL_BACK, ("edit", "outside, mended"), COMMIT],
    [("post", "to go"), DELETE, ("post", "instead")],
]
"""Parts of a transaction. Each ends at the level of savepoints at which it began."""


@fault("a transaction held open for 20 s while others commit", databases=["postgresql"])
def transaction_held_open(cluster: Cluster, size: Size) -> None:
    """It delays no other event, and its own changes get positions after those of earlier commits."""
    ada, late = cluster.poster("ada", rate=20), cluster.open_transactions("late")
    cluster.server()
    cluster.watch_posts_of(ada, late)
    transaction = late.transaction("held")
    transaction.begin()
    keys = [transaction.post("begun before all that"), transaction.post("and this, too")]
    ada.run()
    cluster.wait_committed(20)
    time.sleep(HOLD if size == "full" else 0)
    ada.pause()
    cluster.catch_up()
    passed = cluster.database.head_and_waiting()[0]
    longest = cluster.verdict().longest_delay
    transaction.commit()
    cluster.settle()
    assert max(keys) < max(ada.commits()), "The open transaction was not the first to write."
    assert all((cluster.database.position(key) or 0) > passed for key in keys), (
        "The last commit is not the last in the log."
    )
    assert_within(ARRIVE_WITHIN, size, longest, "An event while the transaction is open")
    assert_only_known_commits(cluster)
    assert_never_disconnected(cluster.fleet.watchers)


@fault("transactions that commit in the opposite order of their keys", databases=["postgresql"])
def commits_in_opposite_order(cluster: Cluster, size: Size) -> None:
    """The log has the order of the commits. No watcher gets n + 1 before n."""
    transactions = cluster.open_transactions("dora")
    cluster.server()
    cluster.server()
    cluster.watch_posts_of(transactions)
    with LogReader(cluster.database) as log_reader:
        for number in range(1 if size == "short" else 50):
            opened = [transactions.transaction(f"transaction {each}") for each in range(4)]
            keys = [begin_with_post(transaction, f"{number}: {transaction.name}") for transaction in opened]
            for transaction in reversed(opened):
                transaction.commit()
                cluster.catch_up()
            positions = [cluster.database.position(key) or 0 for key in keys]
            assert keys == sorted(keys), "The keys were not given in the order of the posts."
            assert positions == sorted(positions, reverse=True), f"The keys {keys} have the positions {positions}."
        cluster.settle()
    log_reader.assert_consistent()
    assert_only_known_commits(cluster)


@fault("savepoints rolled back, in nested and in overlapping transactions", short=[("uvicorn", "postgresql")])
def savepoints_rolled_back(cluster: Cluster, size: Size) -> None:
    """The log has each committed change once, and none that was rolled back. SQLite runs one transaction at a time."""
    transactions = cluster.open_transactions("dora")
    cluster.server()
    cluster.server()
    cluster.watch_posts_of(transactions)
    at_once = 1 if cluster.database.url.startswith("sqlite") else 6
    with LogReader(cluster.database) as log_reader:
        for _ in range(1 if size == "short" else 30):
            interleave(
                {transactions.transaction(f"transaction {each}"): random_transaction(size) for each in range(at_once)}
            )
            cluster.wait_numbered()
        unfinished = transactions.transaction("unfinished")
        unfinished.do([BEGIN, ("post", f"{NEVER}: the process is killed before")])
        transactions.kill()
        cluster.settle()
    log_reader.assert_consistent()
    assert not transactions.failures(), transactions.failures()[0]
    assert_only_known_commits(cluster)


@fault("posts by pages under ATOMIC_REQUESTS, of which every second fails after it was saved")
def atomic_requests(cluster: Cluster, size: Size) -> None:
    """A post that fails leaves no change, rings no doorbell, and leaves no hole in the positions."""
    ada = cluster.poster("ada").wait_ready()
    server = cluster.server(
        DJANGO_SETTINGS_MODULE="tests.faults.programs.atomic_settings", FEED_POST_LIMIT="1000/second"
    )
    cluster.watch_posts_of(ada)
    cluster.catch_up()
    before = cluster.database.head_and_waiting()[0]
    session, times = ada.ready["session"], 5 if size == "short" else 200
    with LogReader(cluster.database) as log_reader, ThreadPoolExecutor(4) as visitors:
        failing = [
            visitors.submit(post_by_page, server, session, f"{NEVER}: {number}", "/fails/") for number in range(times)
        ]
        posting = [visitors.submit(post_by_page, server, session, f"post {number}") for number in range(times)]
        statuses = [Counter(each.result() for each in every) for every in (posting, failing)]
    cluster.settle()
    assert is_ready(server), "/readyz must not run in a transaction."
    assert statuses == [{302: times}, {500: times}], f"The responses to posts and to failing posts were {statuses}."
    logged = cluster.database.head_and_waiting()[0] - before
    assert logged == times, f"{times} posts have caused {logged} changes."
    log_reader.assert_consistent()


def begin_with_post(transaction: OpenTransaction, text: str) -> int:
    """Begin a transaction with a post. Returns the key of its change."""
    transaction.begin()
    return transaction.post(text)


def random_transaction(size: Size) -> Iterator[Step]:
    """Random parts in random order. Every third transaction is rolled back as a whole."""
    parts = random.sample(PARTS, len(PARTS) if size == "short" else 3)
    end = random.choice([COMMIT, COMMIT, ROLL_BACK])  # noqa: S311
    yield BEGIN
    for part in parts:
        yield from part if end == COMMIT else (never(step) for step in part)
    yield end


def never(step: Step) -> Step:
    """The same step, with a text that no watcher may see."""
    name, text = step
    return name, text and f"{NEVER}: {text}"


def interleave(scripts: dict[OpenTransaction, Iterator[Step]]) -> None:
    """Run the scripts of several transactions at once, one step of a random transaction at a time."""
    while scripts:
        transaction = random.choice(list(scripts))  # noqa: S311
        step = next(scripts[transaction], None)
        if step:
            transaction.do([step])
        else:
            del scripts[transaction]
