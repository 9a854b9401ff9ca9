"""What has to hold besides the columns of the table. Each raises AssertionError, with a sentence for its reader."""

from collections.abc import Iterable

from tests.faults.harness.stage import Stage
from tests.faults.harness.watcher import Watcher


def assert_stayed(watchers: Iterable[Watcher], since: float = 0.0) -> None:
    """Nobody had to connect a second time (since then, by time.monotonic())."""
    endings = [ending for watcher in watchers for ending in watcher.endings if ending.at > since]
    assert not endings, f"Watchers were cut off {len(endings)} times: {endings[0]}"


def assert_all_are_known(stage: Stage) -> None:
    """The log holds what the posting processes have committed, each change of it once, and nothing else."""
    logged = [change.pk for change in stage.database.truth().changes]
    unknown = set(logged) - stage.commits().keys()
    assert not unknown, f"{len(unknown)} changes are in the log that nobody has committed."
    assert len(set(logged)) == len(logged), "A change is in the log twice."
