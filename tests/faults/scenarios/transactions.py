"""What transactions do: how long they take, in which order they commit, and what of them is rolled back."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.faults.harness.claims import assert_all_are_known, assert_stayed
from tests.faults.harness.drafts import Draft, Step
from tests.faults.harness.onlooker import Onlooker
from tests.faults.harness.pages import post
from tests.faults.harness.received import NEVER
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.faults.scenarios.postgresql import is_ready

HOLDS = 20.0
"""Seconds that a transaction is held open in the full form."""
ARRIVE_WITHIN = 2.0

BEGIN, KEEP, UNDO, DELETE = ("begin", ""), ("keep", ""), ("undo", ""), ("delete", "")
REGRET: list[Step] = [BEGIN, ("post", f"{NEVER}: regretted"), BEGIN, ("rewrite", f"{NEVER}: twice"), KEEP, UNDO]
"""Steps that leave nothing behind, wherever they are taken; and others, of which all stays, or a part."""
STEPS: list[list[Step]] = [
    REGRET,
    [("post", "plain")],
    [("post", "wrong"), ("edit", "mended"), BEGIN, ("edit", f"{NEVER}: worse"), UNDO],
    [BEGIN, ("post", "inside"), BEGIN, ("rewrite", "deep inside"), KEEP, KEEP],
    [("post", "to stay"), BEGIN, DELETE, UNDO],
    [BEGIN, ("post", "outside"), BEGIN, ("post", f"{NEVER}: inside"), UNDO, ("edit", "outside, mended"), KEEP],
    [("post", "to go"), DELETE, ("post", "instead")],
]


@fault("a transaction held open for 20 s while others commit", databases=["postgresql"])
def transaction_held_open(stage: Stage, size: Size) -> None:
    """Nobody waits for it, and nobody's cursor passes what it commits in the end."""
    ada, late = stage.poster("ada", rate=20), stage.drafts("late")
    stage.server()
    stage.crew_of(ada, late)
    draft = late.draft("held")
    draft.begin()
    keys = [draft.post("begun before all that"), draft.post("and this, too")]
    ada.run()
    stage.wait_committed(20)
    time.sleep(HOLDS if size == "full" else 0)
    ada.rest()
    stage.catch_up()
    passed = stage.database.standing()[0]
    longest = stage.verdict().longest_delay
    draft.keep()
    stage.settle()
    assert max(keys) < max(ada.commits()), "It was not the first to write."
    assert all((stage.database.position(key) or 0) > passed for key in keys), "What has committed last is not the last."
    assert_within(ARRIVE_WITHIN, size, longest, "An event beside the open transaction")
    assert_all_are_known(stage)
    assert_stayed(stage.fleet.watchers)


@fault("transactions that commit in the opposite order of their keys", databases=["postgresql"])
def commits_in_opposite_order(stage: Stage, size: Size) -> None:
    """The order of the commits is that of the log; nobody is sent n + 1 before n."""
    drafts = stage.drafts("dora")
    stage.server()
    stage.server()
    stage.crew_of(drafts)
    with Onlooker(stage.database) as onlooker:
        for number in range(1 if size == "short" else 50):
            opened = [drafts.draft(f"draft {each}") for each in range(4)]
            keys = [begun(draft, f"{number}: {draft.name}") for draft in opened]
            for draft in reversed(opened):
                draft.keep()
                stage.catch_up()
            positions = [stage.database.position(key) or 0 for key in keys]
            assert keys == sorted(keys), "The keys were not given in the order of the posts."
            assert positions == sorted(positions, reverse=True), f"Keys {keys} were given the positions {positions}."
        stage.settle()
    onlooker.assert_content()
    assert_all_are_known(stage)


@fault("savepoints rolled back, in nested and in overlapping transactions", short=[("uvicorn", "postgresql")])
def savepoints_rolled_back(stage: Stage, size: Size) -> None:
    """What is committed is in the log once, what is rolled back never. SQLite has one transaction at a time."""
    drafts = stage.drafts("dora")
    stage.server()
    stage.server()
    stage.crew_of(drafts)
    at_once = 1 if stage.database.url.startswith("sqlite") else 6
    with Onlooker(stage.database) as onlooker:
        for _ in range(1 if size == "short" else 30):
            interleave({drafts.draft(f"draft {each}"): transaction(size) for each in range(at_once)})
            stage.wait_numbered()
        unfinished = drafts.draft("unfinished")
        unfinished.do([BEGIN, ("post", f"{NEVER}: the process is killed before")])
        drafts.kill()
        stage.settle()
    onlooker.assert_content()
    assert not drafts.failures(), drafts.failures()[0]
    assert_all_are_known(stage)


@fault("posts by pages under ATOMIC_REQUESTS, of which every second fails after it was saved")
def atomic_requests(stage: Stage, size: Size) -> None:
    """What was answered with an error was never there; nobody rings for it, and positions have no holes."""
    ada = stage.poster("ada").wait_ready()
    server = stage.server(DJANGO_SETTINGS_MODULE="tests.faults.programs.atomic_settings", FEED_POST_LIMIT="1000/second")
    stage.crew_of(ada)
    stage.catch_up()
    before = stage.database.standing()[0]
    session, times = ada.ready["session"], 5 if size == "short" else 200
    with Onlooker(stage.database) as onlooker, ThreadPoolExecutor(4) as visitors:
        failing = [visitors.submit(post, server, session, f"{NEVER}: {number}", "/fails/") for number in range(times)]
        posting = [visitors.submit(post, server, session, f"post {number}") for number in range(times)]
        answers = [Counter(each.result() for each in every) for every in (posting, failing)]
    stage.settle()
    assert is_ready(server), "Readiness needs views without a transaction."
    assert answers == [{302: times}, {500: times}], f"Posts and failures were answered with {answers}."
    logged = stage.database.standing()[0] - before
    assert logged == times, f"{times} posts have made {logged} changes."
    onlooker.assert_content()


def begun(draft: Draft, text: str) -> int:
    """Begin a transaction with a post; returns the key of its change."""
    draft.begin()
    return draft.post(text)


def transaction(size: Size) -> Iterator[Step]:
    """All sorts of steps, in any order; every third transaction is rolled back as a whole."""
    parts = random.sample(STEPS, len(STEPS) if size == "short" else 3)
    end = random.choice([KEEP, KEEP, UNDO])  # noqa: S311
    yield BEGIN
    for part in parts:
        yield from part if end == KEEP else (never(step) for step in part)
    yield end


def never(step: Step) -> Step:
    """The same step, of which nobody may ever hear."""
    name, text = step
    return name, text and f"{NEVER}: {text}"


def interleave(scripts: dict[Draft, Iterator[Step]]) -> None:
    """Let each draft do what its script says, a step of one and then a step of another."""
    while scripts:
        draft = random.choice(list(scripts))  # noqa: S311
        step = next(scripts[draft], None)
        if step:
            draft.do([step])
        else:
            del scripts[draft]
