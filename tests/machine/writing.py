"""The steps of the machine that write: posts, edits, moves, deletions, and changes of access."""

from hypothesis.stateful import RuleBasedStateMachine

from tests.machine import choices, teams, writers
from tests.machine.model import Access, Post, family, moved, place_of_comment
from tests.machine.steps import audiences, ends, one_of, texts, ways, ways_of_relations, write
from tests.machine.world import USERS, World
from tests.machine.writers import Writer


class Writing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.three_people_sign_up_and_two_join_a_team()

    def teardown(self) -> None:
        self.world.close()

    def three_people_sign_up_and_two_join_a_team(self) -> None:
        writer = self.world.writers[0]
        writer.enter()
        for user in USERS:
            self.world.expect_changes(writer, ("created", Post(writer.do(writers.sign_up, user), "welcome", user)))
        self.change_access_of(writer, Access(("alice", "bob"), "red", joined=True))
        self.end(writer, "commit")

    @write(choices.authors, text=texts, audience=audiences)
    def post(self, writer: Writer, user: str, text: str, audience: str) -> None:
        pk = writer.do(writers.post_status, user, text, audience)
        self.world.expect_changes(writer, ("created", Post(pk, "status_change", user, None, audience)))

    @write(choices.commentable, text=texts)
    def comment(self, writer: Writer, about: tuple[str, Post], text: str) -> None:
        user, thread = about
        pk = writer.do(writers.comment, user, thread.id, text)
        self.world.expect_changes(writer, ("created", Post(pk, "comment", user, **place_of_comment(thread))))

    @write(choices.editable, text=texts)
    def edit(self, writer: Writer, post: Post, text: str) -> None:
        writer.do(writers.edit, post.id, text)
        self.world.expect_changes(writer, ("updated", post))

    @write(choices.queries, text=texts)
    def edit_by_query(self, writer: Writer, query: choices.Query, text: str) -> None:
        chosen, excluded = choices.split(self.world, writer, query, choices.untouched(self.world, writer))
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

    # Moving.

    @write(choices.for_another_audience, audience=audiences, way=ways)
    def move_to_another_audience(self, writer: Writer, post: Post, audience: str, way: str) -> None:
        after = moved(self.world.seen(writer), post, audience=audience)
        writer.do(writers.move, post.id, "audience", audience, way)
        self.world.expect_changes(writer, *(("updated", post) for post in after))

    @write(choices.for_another_audience, audience=audiences)
    def move_all_to_another_audience(self, writer: Writer, one: Post, audience: str) -> None:
        """All that a query finds: those of one user."""
        query, seen = ("status_change", one.user), self.world.seen(writer)
        chosen, excluded = choices.split(self.world, writer, query, choices.deletable(self.world, writer))
        after = [each for post in chosen for each in moved(seen, post, audience=audience)]
        writer.do(writers.move_all, one.user, excluded, audience)
        self.world.expect_changes(writer, *(("updated", post) for post in after))

    @write(choices.for_another_user, way=ways_of_relations)
    def move_to_another_user(self, writer: Writer, move: tuple[Post, str], way: str) -> None:
        post, user = move
        writer.do(writers.move_to_user, post.id, user, way)
        self.world.expect_changes(writer, ("updated", post._replace(user=user)))

    @write(choices.for_another_thread, way=ways_of_relations)
    def move_to_another_thread(self, writer: Writer, move: tuple[Post, Post], way: str) -> None:
        post, thread = move
        after = moved(self.world.seen(writer), post, **place_of_comment(thread))
        way = "save" if way == "save the row" else way  # the row has no thread
        writer.do(writers.move_to_thread, post.id, thread.id, way)
        self.world.expect_changes(writer, *(("updated", post) for post in after))

    # Joining and leaving.

    @write(choices.memberships)
    def join_or_leave(self, writer: Writer, access: Access) -> None:
        self.change_access_of(writer, access)

    def change_access_of(self, writer: Writer, access: Access) -> None:
        writer.do(teams.change_access, *access)
        self.world.expect_access(writer, access)

    @one_of(World.in_transactions, how=ends)
    def end(self, one: Writer, how: str) -> None:
        if how == "commit":
            one.commit()
        else:
            one.roll_back()
        self.world.after_step(one)
