"""Who has left is sent nothing newer, however little of the log a hub has read: steps that the machine rarely takes in
this order. Bob is in the team "red", and leaves it. The hub doesn't hear that."""

from collections.abc import Iterator

import pytest

from feed import log
from tests.machine import writers
from tests.machine.machine import FeedMachine
from tests.machine.model import Access, Post
from tests.machine.page import Page
from tests.machine.program import Program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

PUBLIC = frozenset(["public"])


class Steps(FeedMachine):
    """Carol writes. Bob's program follows `public` from the head on."""

    def __init__(self) -> None:
        super().__init__()
        self.writer = self.world.writers[0]
        self.world.add_client(Program, "bob", PUBLIC, "head", 0)
        self.old = self.post_to("team:red")

    def post_to(self, audience: str) -> Post:
        post = Post(self.writer.do(writers.post_status, "carol", "Hello", audience), "status_change", "carol")
        self.world.expect_changes(self.writer, ("created", post._replace(audience=audience)))
        self.check()
        return post._replace(audience=audience)

    def leave(self) -> None:
        self.world.rings = 0
        self.change_access_of(self.writer, Access(("bob",), "red", joined=False))

    def edit_unheard(self, post: Post) -> None:
        self.world.rings = 0
        self.writer.do(writers.edit, post.id, "Not for bob")
        self.world.expect_changes(self.writer, ("updated", post))

    def connect_at(self, client: Page | Program, cursor: int) -> None:
        client.cursor = cursor
        self.world.clients.append(client)
        self.world.connect(client, 0)
        self.check()


@pytest.fixture
def steps() -> Iterator[Steps]:
    steps = Steps()
    yield steps
    steps.teardown()


def test_after_the_log_was_pruned_beyond_what_the_hub_has_read(steps: Steps) -> None:
    steps.leave()
    log.number()
    steps.check()
    steps.world.prune(None)
    steps.world.poll()
    steps.post_to("team:red")


def test_after_the_log_was_renamed(steps: Steps) -> None:
    steps.leave()
    for _ in range(6):  # more than the hub reads of a log that it doesn't know
        steps.world.rings = 0
        steps.post_to("public")
    log.rename()
    steps.world.poll()
    steps.post_to("team:red")


def test_in_a_page_of_history_that_is_read_meanwhile(steps: Steps) -> None:
    before = len(steps.world.model.committed()) - 1
    for _ in range(7):  # more than memory holds
        steps.post_to("public")
    steps.leave()
    steps.edit_unheard(steps.old)
    steps.connect_at(Program("Bob's second program", "bob", PUBLIC, steps.world.sight), before)


def test_when_the_changes_in_memory_are_encoded_for_the_first_page(steps: Steps) -> None:
    before = len(steps.world.model.committed()) - 1
    steps.leave()
    steps.edit_unheard(steps.old)
    steps.connect_at(Page("Bob's page", "bob", PUBLIC, steps.world.sight), before)
