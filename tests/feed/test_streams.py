"""Stream names: which are valid, which exist, and which events are in them."""

from collections.abc import Collection, Sequence

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from feed import streams
from feed.models import Comment, Event, StatusChange
from feed.refusals import Refusal


@pytest.mark.parametrize(
    "name", ["public", "user:alice", "user:a b/../:<x>", "kind:comment", "kind:welcome", "thread:42"]
)
def test_valid_names_are_parsed(name: str) -> None:
    assert streams.parse([name]) == {name}


@pytest.mark.parametrize(
    "name",
    [
        *("", "publi", "public:", "private:alice"),
        *("user:", "user:" + "x" * 151, "user:\0", "kind:", "kind:a b", "kind:StatusChange"),
        *("thread:", "thread:0", "thread:-1", "thread:007", "thread:x", "thread:٣", "thread:" + "9" * 19),
    ],
)
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        streams.parse([name])
    assert (refused.value.code, refused.value.close) == ("unknown_stream", 4404)


def test_the_default_stream_is_public() -> None:
    assert streams.parse([]) == {"public"}


def test_too_many_streams_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        streams.parse(f"user:{number}" for number in range(10_000))
    assert refused.value.close == 4429


@pytest.mark.django_db
def test_streams_of_unknown_users_kinds_and_threads_do_not_exist(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    streams.check(["public", "kind:comment", "user:alice", f"thread:{status.pk}"])
    for name in ["user:Alice", "user:bob", "kind:nothing", f"thread:{status.pk + 1}"]:
        with pytest.raises(Refusal):
            streams.check([name])


@pytest.mark.django_db
def test_a_snapshot_and_the_log_agree_on_the_events_of_a_stream(alice: User) -> None:
    """A snapshot selects them by a query, and the log by the stream names recorded with each change."""
    bob = User.objects.create_user("bob")
    status = StatusChange.objects.create(user=alice, text="Hello")
    comment = Comment.objects.create(user=bob, thread=status, text="Hi!")
    Comment.objects.create(user=alice, thread=comment, text="Nested")
    everything = list(Event.objects.all())
    names = [
        "public",
        "user:alice",
        "user:bob",
        "kind:comment",
        "kind:welcome",
        f"thread:{status.pk}",
        f"thread:{comment.pk}",
    ]
    for name in names:
        by_query = set(streams.newest(Event.objects.all(), [name], None, 100))
        assert by_query == {event for event in everything if name in event.streams()}
        assert by_query


@pytest.mark.django_db
def test_several_streams_are_their_union(alice: User) -> None:
    bob = User.objects.create_user("bob")
    mine = StatusChange.objects.create(user=alice, text="Hello")
    about = Comment.objects.create(user=bob, thread=mine, text="Hi!")
    found = streams.newest(Event.objects.all(), ["user:bob", f"thread:{mine.pk}"], None, 100)
    assert sorted(event.pk for event in found) == [Event.objects.get(user=bob, kind="welcome").pk, mine.pk, about.pk]


@pytest.mark.django_db
def test_pages_of_many_streams_hold_each_event_once(alice: User) -> None:
    people = [User.objects.create_user(f"person{number}") for number in range(5)]
    statuses = [StatusChange.objects.create(user=person, text=str(number)) for number in range(4) for person in people]
    Comment.objects.create(user=alice, thread=statuses[0], text="Hi!")
    names = [
        *(f"user:{person.username}" for person in people),
        f"thread:{statuses[0].pk}",
        "kind:nothing",
        "user:nobody",
    ]
    everything = [event.pk for event in Event.objects.newest() if not set(event.streams()).isdisjoint(names)]
    read: list[int] = []
    while page := streams.newest(Event.objects.all(), names, read[-1] if read else None, 7):
        read += [event.pk for event in page]
    assert read == everything
    assert len(read) == len(set(read)) == 26


def shown_in(
    names: Sequence[str], audiences: Collection[str], kinds: Collection[str], without: Sequence[str]
) -> list[int]:
    """The ids of the events that are to be found, newest first, by what each of them says."""
    return [
        event.pk
        for event in Event.objects.newest()
        if not set(event.streams()).isdisjoint(names)
        and event.audience in audiences
        and event.kind not in without
        and (not kinds or event.kind in kinds)
    ]


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(
    "audiences", [["public"], ["public", "only:person1"], ["public", *(f"only:{n}" for n in range(60))]]
)
@pytest.mark.parametrize(("kinds", "without"), [([], []), (["status_change"], []), ([], ["comment", "welcome"])])
def test_many_streams_are_found_by_one_statement_for_each_of_their_fields(
    alice: User, audiences: list[str], kinds: list[str], without: list[str]
) -> None:
    people = [User.objects.create_user(f"person{number}") for number in range(6)]
    posts = [
        StatusChange.objects.create(user=person, text="Hello", audience=audience)
        for person in people
        for audience in ("public", f"only:{person.username}")
    ]
    comments = [Comment.objects.create(user=alice, thread=post, text="Hi!") for post in posts[::2]]
    Comment.objects.create(user=people[1], thread=posts[0], reply_to=comments[0], text="Hi, too!")

    def read(names: list[str]) -> tuple[list[int], int]:
        """What is found, and how many statements there are in the largest query."""
        found: list[int] = []
        with CaptureQueriesContext(connection) as captured:
            while page := streams.newest(
                Event.objects.all(), names, found[-1] if found else None, 7, audiences, without, kinds
            ):
                found += [event.pk for event in page]
        return found, max(query["sql"].count("SELECT") for query in captured)

    threads, users = [f"thread:{post.pk}" for post in posts], [f"user:{person.username}" for person in people]
    many, few = [*threads, *users], [*threads[:4], *users[:4]]
    found, parts = read(many)
    assert found == shown_in(many, audiences, kinds, without)
    assert found
    assert read(few) == (shown_in(few, audiences, kinds, without), parts)


@pytest.mark.django_db
@pytest.mark.parametrize("known_by", ["rows", "name"])
def test_a_kind_that_only_another_release_knows_is_not_here_yet(alice: User, known_by: str) -> None:
    if known_by == "rows":
        QuerySet(Event).filter(user=alice).update(kind="new_kind")
    else:
        ContentType.objects.create(app_label="elsewhere", model="newkind")
    with pytest.raises(Refusal) as refused:
        streams.check(["kind:new_kind"])
    assert (refused.value.code, refused.value.close) == ("not_here_yet", None)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows how many values are NULL")
def test_replies_are_found_by_an_index_beside_many_comments_that_reply_to_none(alice: User) -> None:
    post = StatusChange.objects.create(user=alice, text="Hello")
    for number in range(300):
        Comment.objects.create(user=alice, thread=post, text=f"{number}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    replies = Comment.objects.filter(reply_to=post).order_by("-pk").values_list("pk")[:50]
    assert "USING COVERING INDEX feed_comment_reply" in replies.explain()
