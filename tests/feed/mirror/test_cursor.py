"""The cursor of a copy: of one feed, moved by one process, in the transaction of the events."""

from typing import Any

import pytest

from feed.mirror import copying, writing
from feed.mirror.copying import Gap, NotPossible, Overtaken
from feed.mirror_table import Mirror
from feed.models import Event, StatusChange
from tests.feed.mirror.conftest import URL, Begin, Json, Leave, change, copy_frames, events_here, frame
from tests.feed.recorded import changes, forget_changes

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_database_with_events_is_no_copy(hello: StatusChange, own_ids: None) -> None:
    with pytest.raises(NotPossible, match="has events of its own"):
        copying.begun(URL, [], anew=False)
    assert not Mirror.objects.exists()


def test_a_database_is_a_copy_of_one_feed(mirror: Begin) -> None:
    copying.move(mirror(), "k3x9", 7)
    assert mirror().position == 7
    for url, streams in [("https://other.example/", []), (URL, ["user:alice"])]:
        with pytest.raises(NotPossible, match=r"is a copy of https://rill.example/ \(public\)"):
            copying.begun(url, streams, anew=False)
    replaced = copying.begun("https://other.example/", ["user:alice"], anew=True)
    assert (replaced.url, replaced.streams, replaced.position) == ("https://other.example/", ["user:alice"], None)


def test_a_frame_that_does_not_tile_is_not_applied(hello: StatusChange, leave: Leave, mirror: Begin) -> None:
    source, copy = leave(), mirror()
    copying.move(copy, source.log, 7)
    said = frame(copy, change("created", source.events[hello.pk]))
    for wrong in ({"after": 6}, {"after": 8}, {"log": "other"}):
        with pytest.raises(Gap, match="but the copy is at 7"):
            copying.apply_frame(copy, said | wrong)
    assert not Event.objects.exists()
    assert Mirror.objects.get().position == 7


def test_a_second_process_changes_nothing_and_says_so(hello: StatusChange, leave: Leave, mirror: Begin) -> None:
    source, first = leave(), mirror()
    copying.move(first, source.log, 0)
    second = mirror()
    copy_frames(first, source)
    forget_changes()
    with pytest.raises(Overtaken, match="Another process"):
        copying.apply_frame(second, source.frames[0])
    with pytest.raises(Overtaken):
        copying.move(second, "", None)
    assert changes() == []


def test_a_crash_undoes_the_events_and_the_cursor(
    hello: StatusChange, leave: Leave, mirror: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copy = leave(), mirror()
    copying.move(copy, source.log, 0)
    write = writing.write

    def write_and_crash(url: str, said: list[Json]) -> None:
        write(url, said)
        assert Event.objects.exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(writing, "write", write_and_crash)
        copying.apply_frame(copy, source.frames[0])
    assert not Event.objects.exists()
    assert (copy.position, mirror().position) == (0, 0)
    copy_frames(copy, source)
    assert events_here() == source.events


def test_a_heartbeat_writes_nothing(mirror: Begin, django_assert_num_queries: Any) -> None:
    copy = mirror()
    copying.move(copy, "k3x9", 7)
    with django_assert_num_queries(0):
        copying.apply_frame(copy, frame(copy))
