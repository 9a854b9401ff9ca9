"""Assertions about what isn't a column of the table. Their messages are printed below it."""

from collections.abc import Iterable

from tests.faults.harness.cluster import Cluster
from tests.faults.harness.watcher import RecordingWatcher


def assert_never_disconnected(watchers: Iterable[RecordingWatcher], since: float = 0.0) -> None:
    """No connection has ended (since `since`, by time.monotonic())."""
    endings = [ending for watcher in watchers for ending in watcher.endings if ending.at > since]
    assert not endings, f"Watchers were disconnected {len(endings)} times: {endings[0]}"


def assert_only_known_commits(cluster: Cluster) -> None:
    """The log holds only changes that the posting processes have committed, each once."""
    logged = [change.pk for change in cluster.database.state().changes]
    unknown = set(logged) - cluster.commits().keys()
    assert not unknown, f"The log has {len(unknown)} changes that no posting process has committed."
    assert len(set(logged)) == len(logged), "The log has a change twice."
